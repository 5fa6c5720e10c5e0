using System.Diagnostics;
using System.Globalization;

namespace RemoteDispatch.Core.Tests.Workspaces;

/// <summary>The process beside a task that notes its log and keeps its time limit is the wrapper's own, and the wrapper signals no other.</summary>
public sealed class WatcherTests : IDisposable
{
    private const string LastNumber = "/proc/sys/kernel/ns_last_pid";

    private readonly TestFolder _folder = new();
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Theory, MemberData(nameof(Shells.All), MemberType = typeof(Shells))]
    public async Task Process_that_has_the_number_of_a_watcher_that_was_killed_is_left_alone(string shell)
    {
        Assert.SkipUnless(Environment.UserName == "root" && File.Exists(LastNumber), "Only root can say which number the next process gets.");
        await using var client = Shells.Client(shell);
        // It runs programs, so that the shell of the wrapper need not be asked for what has ended.
        await client.LaunchAsync(_folder.Host, TestOrders.Order("a", $"until [ -e {_folder.Path}/go ]; do sleep 0.05; done"), Cancel);
        var file = _folder.Workspace("a") + "/watch";
        while (!File.Exists(file) || new FileInfo(file).Length == 0)
            await Task.Delay(10, Cancel);
        var number = int.Parse(await File.ReadAllTextAsync(file, Cancel), CultureInfo.InvariantCulture);
        using (var kill = Process.Start("kill", ["-KILL", number.ToString(CultureInfo.InvariantCulture)]))
            await kill.WaitForExitAsync(Cancel);
        var clock = Stopwatch.StartNew();
        while (Directory.Exists($"/proc/{number}"))
        {
            Assert.SkipWhen(clock.Elapsed > TimeSpan.FromSeconds(5), "This shell keeps the number of what has ended until it asks for it: nobody else can get it.");
            await Task.Delay(10, Cancel);
        }

        using var other = await WithNumberAsync(number);
        await File.WriteAllTextAsync(_folder.Path + "/go", "", Cancel);
        Assert.Equal(0, (await client.EndAsync(_folder.Host, "a")).ExitCode);
        var isAlive = !other.HasExited;
        other.Kill();
        Assert.True(isAlive, $"The process {number}, which is nobody's of the task, was ended.");
    }

    private static async Task<Process> WithNumberAsync(int number)
    {
        for (var attempt = 0; attempt < 500; attempt++)
        {
            await File.WriteAllTextAsync(LastNumber, (number - 1).ToString(CultureInfo.InvariantCulture), Cancel);
            var process = Process.Start("sleep", ["600"]);
            if (process.Id == number)
                return process;
            process.Kill();
            process.Dispose();
        }

        Assert.Skip("Too much is started beside this test: the number was always another's.");
        throw new UnreachableException();
    }
}
