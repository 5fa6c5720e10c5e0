using System.Diagnostics;
using System.Globalization;

namespace RemoteDispatch.Fleet.Tests;

/// <summary>
/// A fleet of two: on h1 runs a task that pushes to a bare repository on h2 whenever it is told to, with git over ssh. The key that h2
/// takes is in a real agent, and nowhere that the task could read it.
/// </summary>
internal sealed class PushingTask : IAsyncDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);
    private readonly List<Rdispatch> _programs = [];
    private readonly List<Process> _running = [];
    private int _pushes;

    private PushingTask(SshFleet fleet, SshAgentProcess agent) => (Fleet, Agent) = (fleet, agent);

    public SshFleet Fleet { get; }

    public SshAgentProcess Agent { get; }

    /// <summary>The workspace root of h1.</summary>
    public string Root => Fleet.Hosts[0].HomeOnDisk + "/.remote-dispatch/tasks";

    public string Files => Fleet.Directory + "/pushing";

    public string Repository => Fleet.Hosts[1].HomeOnDisk + "/repository.git";

    public static async Task<PushingTask> CreateAsync(Func<int, FleetHostOptions>? options = null)
    {
        Assert.SkipUnless(File.Exists("/usr/bin/git"), "git is not installed: apt-get install git.");
        var fleet = await OwnFleet.StartAsync(2, options);
        var all = new PushingTask(fleet, await SshAgentProcess.WithKeyAsync(fleet.IdentityPath));
        Directory.CreateDirectory(all.Files);
        // As on a host that has no key of its own.
        await File.WriteAllLinesAsync(
            all.Files + "/ssh_config", File.ReadLines(fleet.SshConfigPath).Where(l => !l.Contains("IdentitiesOnly", StringComparison.Ordinal))
                .Select(l => l.Contains("IdentityFile", StringComparison.Ordinal) ? "  IdentityFile none" : l), Bench.Cancel);
        await SshAgentProcess.RunAsync(new Dictionary<string, string>(), "git", "init", "-q", "--bare", "-b", "main", all.Repository);
        return all;
    }

    /// <summary>rdispatch with files of its own, as on a machine of its own.</summary>
    public Rdispatch Machine(bool hasAgent = true)
    {
        var program = new Rdispatch(Fleet.SshConfigPath) { Agent = hasAgent ? Agent.Socket : "" };
        _programs.Add(program);
        return program;
    }

    /// <summary>Sends the task.</summary>
    public async Task SendAsync(Rdispatch program, string id, params string[] options)
    {
        var (code, _, errors) = await program.RunAsync(Line(id, options));
        Assert.True(code == 0, errors);
    }

    /// <summary>Starts the program and leaves it running.</summary>
    public Process Start(Rdispatch program, params string[] line)
    {
        var process = program.Start(line);
        _running.Add(process);
        return process;
    }

    /// <summary>The line that sends the task.</summary>
    public string[] Line(string id, params string[] options) => ["run", "--host", "h1", "--id", id, .. options, "--", $$"""
        set -u
        git init -q -b main "$REMOTE_DISPATCH_WORKSPACE/work" && cd "$REMOTE_DISPATCH_WORKSPACE/work" || exit
        export GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a
        git config core.sshCommand "ssh -F '{{Files}}/ssh_config'"
        n=0
        while n=$((n + 1)); do
          until [ -e "{{Files}}/push.$n" ]; do sleep 0.02; done
          git commit -q --allow-empty -m "push $n"
          cut -d' ' -f1 /proc/uptime >said
          git push -q h2:'{{Repository}}' main >>said 2>&1
          echo "exit $?" >>said
          cut -d' ' -f1 /proc/uptime >>said
          mv said "{{Files}}/pushed.$n"
        done
        """];

    /// <summary>Has the task push once more.</summary>
    public async Task<(int Code, string Said, double Seconds)> PushAsync()
    {
        var n = ++_pushes;
        await File.WriteAllTextAsync($"{Files}/push.{n}", "", Bench.Cancel);
        await UntilAsync(() => File.Exists($"{Files}/pushed.{n}"), $"the task has pushed for the {n}th time");
        var lines = (await File.ReadAllLinesAsync($"{Files}/pushed.{n}", Bench.Cancel)).ToList();
        var seconds = double.Parse(lines[^1], CultureInfo.InvariantCulture) - double.Parse(lines[0], CultureInfo.InvariantCulture);
        return (int.Parse(lines[^2].Split(' ')[1], CultureInfo.InvariantCulture), string.Join('\n', lines[1..^2]), seconds);
    }

    /// <summary>What the repository has by now.</summary>
    public async Task<string> PushedAsync()
    {
        using var git = Process.Start(new ProcessStartInfo("git", ["-C", Repository, "log", "-1", "--format=%s", "main"]) { RedirectStandardOutput = true })!;
        var said = await git.StandardOutput.ReadToEndAsync(Bench.Cancel);
        await git.WaitForExitAsync(Bench.Cancel);
        return said.Trim();
    }

    /// <summary>Waits until the tasks' link leads to a socket, or to none.</summary>
    public Task UntilLinkedAsync(bool toSocket) => UntilAsync(
        () => new FileInfo(Root + "/.agent").LinkTarget is { } target && File.Exists(target) && target != "/dev/null" == toSocket,
        $"the link leads {(toSocket ? "to a socket" : "nowhere")}");

    /// <summary>The ssh clients that forward the agent now, by their command lines.</summary>
    public IReadOnlyList<int> Forwarding() => [.. Directory.GetDirectories("/proc").Select(Path.GetFileName).Where(n => int.TryParse(n, out _)).Where(n =>
    {
        try
        {
            var words = File.ReadAllText($"/proc/{n}/cmdline").Split('\0');
            return words[0] == "ssh" && words.Contains(Fleet.SshConfigPath) && words.Contains("-A");
        }
        catch (IOException)
        {
            return false;
        }
    }).Select(n => int.Parse(n!, CultureInfo.InvariantCulture))];

    public static void Send(string signal, int process) =>
        Process.Start("kill", [signal, process.ToString(CultureInfo.InvariantCulture)]).WaitForExit();

    public static async Task UntilAsync(Func<bool> holds, string what)
    {
        var clock = Stopwatch.StartNew();
        while (!holds())
        {
            Assert.True(clock.Elapsed < Limit, $"Not within {Limit}: {what}");
            await Task.Delay(10, Bench.Cancel);
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var process in _running)
        {
            if (!process.HasExited)
                process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync();
            process.Dispose();
        }

        // The fleet's end ends the task.
        await Fleet.DisposeAsync();
        Agent.Dispose();
        _programs.ForEach(p => p.Dispose());
    }
}
