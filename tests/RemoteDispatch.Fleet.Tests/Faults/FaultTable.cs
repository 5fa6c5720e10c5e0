using System.Collections.Concurrent;
using System.Globalization;
using System.Text;

[assembly: AssemblyFixture(typeof(RemoteDispatch.Fleet.Tests.Faults.FaultTable))]

namespace RemoteDispatch.Fleet.Tests.Faults;

/// <summary>What the fault suite has injected and what came of it; printed when the suite is through.</summary>
public sealed class FaultTable : IAsyncLifetime
{
    private readonly ConcurrentDictionary<string, Row> _rows = [];

    /// <summary>Adds to the row of a fault. A test that fails adds what it has found before it does.</summary>
    /// <param name="fault">What was done to the network, the host or the process.</param>
    /// <param name="injected">How often.</param>
    /// <param name="operations">How many commands, reads and looks went on meanwhile.</param>
    /// <param name="lost">Bytes, tasks or messages that should be there and are not.</param>
    /// <param name="doubled">Those that are there twice.</param>
    /// <param name="wrong">States and errors that say what is not so.</param>
    public void Add(string fault, int injected = 1, int operations = 1, int lost = 0, int doubled = 0, int wrong = 0) =>
        _rows.AddOrUpdate(fault, new Row(injected, operations, lost, doubled, wrong), (_, r) =>
            new Row(r.Injected + injected, r.Operations + operations, r.Lost + lost, r.Doubled + doubled, r.Wrong + wrong));

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync()
    {
        if (!_rows.IsEmpty)
            TestContext.Current.SendDiagnosticMessage("{0}", this);
        return ValueTask.CompletedTask;
    }

    public override string ToString()
    {
        var text = new StringBuilder("Faults\n");
        Write("fault", "injected", "operations", "lost", "doubled", "wrong");
        foreach (var (fault, row) in _rows.OrderBy(r => r.Key, StringComparer.Ordinal))
            Write(fault, Number(row.Injected), Number(row.Operations), Number(row.Lost), Number(row.Doubled), Number(row.Wrong));
        return text.ToString();

        void Write(params string[] cells) => text.Append(CultureInfo.InvariantCulture, $"  {cells[0],-66}").AppendJoin("", cells[1..].Select(c => c.PadLeft(11))).Append('\n');

        static string Number(int value) => value.ToString(CultureInfo.InvariantCulture);
    }

    private sealed record Row(int Injected, int Operations, int Lost, int Doubled, int Wrong);
}
