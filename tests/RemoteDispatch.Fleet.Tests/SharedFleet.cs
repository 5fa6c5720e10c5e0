using RemoteDispatch.Connections;
using RemoteDispatch.Hosts;
using RemoteDispatch.Tasks;

[assembly: AssemblyFixture(typeof(RemoteDispatch.Fleet.Tests.SharedFleet))]

namespace RemoteDispatch.Fleet.Tests;

/// <summary>Four real sshd hosts that the whole suite shares; a test that breaks a host starts a fleet of its own.</summary>
public sealed class SharedFleet : IAsyncLifetime
{
    private SshFleet? _fleet;

    /// <summary>The fleet; the test is skipped, and says so, where there is no sshd.</summary>
    public SshFleet Fleet
    {
        get
        {
            Assert.SkipWhen(SshFleet.Missing is not null, SshFleet.Missing ?? "");
            return _fleet!;
        }
    }

    public async ValueTask InitializeAsync()
    {
        if (SshFleet.Missing is null)
            _fleet = await SshFleet.StartAsync(4);
    }

    public async ValueTask DisposeAsync()
    {
        if (_fleet is not null)
            await _fleet.DisposeAsync();
    }
}

/// <summary>A dispatcher with files of its own that goes with the test, and hosts of a fleet for it.</summary>
internal sealed class Bench : IAsyncDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("rd-fleet-test-").FullName;

    public Bench(SshFleet? fleet, Func<ConnectionOptions, ConnectionOptions>? connections = null)
        : this(fleet?.SshConfigPath, connections)
    {
    }

    private Bench(string? sshConfig, Func<ConnectionOptions, ConnectionOptions>? connections)
    {
        var ssh = sshConfig is null ? new ConnectionOptions() : new ConnectionOptions { SshOptions = ["-F", sshConfig] };
        ssh = ssh with { Observer = step => Steps.Enqueue(step), KnownHostsFile = KnownHosts };
        Dispatcher = new Dispatcher(new DispatcherOptions
        {
            Connections = connections is null ? ssh : connections(ssh),
            Inventory = new HostInventory(Path.Combine(_folder, "hosts.json")),
            Ledger = new Ledger(Path.Combine(_folder, "tasks")),
            LogFolder = Path.Combine(_folder, "logs"),
            AgentFolder = Path.Combine(_folder, "agents"),
        });
    }

    /// <summary>One whose connections go through the fleet's proxies.</summary>
    public static Bench Through(ProxiedFleet fleet, Func<ConnectionOptions, ConnectionOptions>? connections = null) => new(fleet.SshConfigPath, connections);

    public Dispatcher Dispatcher { get; }

    public string Folder => _folder;

    /// <summary>Where the pinned keys go.</summary>
    public string KnownHosts => Path.Combine(_folder, "known_hosts");

    public System.Collections.Concurrent.ConcurrentQueue<WorkStep> Steps { get; } = [];

    /// <summary>Another dispatcher with the same files, as another process would be; it shares no connection and no secret.</summary>
    public Dispatcher Again() => new(Dispatcher.Options);

    public static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static DispatchHost HostOf(SshHost host) => DispatchHost.FromAddress(host.Name);

    public async Task<RemoteTask> RunAsync(DispatchHost host, string command) =>
        await Dispatcher.WaitAsync(await Dispatcher.DispatchAsync(host, new TaskRequest { Command = command }, Cancel), TimeSpan.FromSeconds(30), Cancel);

    public async Task<byte[]> LogOf(RemoteTask task, bool follow = false)
    {
        using var bytes = new MemoryStream();
        await foreach (var chunk in Dispatcher.ReadLogAsync(task, new LogQuery { Follow = follow }, Cancel))
        {
            Assert.Equal(bytes.Length, chunk.Offset);
            bytes.Write(chunk.Bytes.Span);
        }

        return bytes.ToArray();
    }

    public async Task<string> TextOf(RemoteTask task) => System.Text.Encoding.UTF8.GetString(await LogOf(task));

    public async ValueTask DisposeAsync()
    {
        await Dispatcher.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }
}
