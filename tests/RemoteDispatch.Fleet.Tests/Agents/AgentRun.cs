using System.Diagnostics;
using RemoteDispatch.Agents;

namespace RemoteDispatch.Fleet.Tests.Agents;

/// <summary>Runs a real agent with the words of its profile, as a host does: through <c>sh</c>, the prompt from a file.</summary>
internal sealed class AgentRun : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private readonly AgentPrograms _programs;
    private readonly AgentHome _home;

    private AgentRun(AgentPrograms programs, string agent)
    {
        _programs = programs;
        _home = new AgentHome(Model);
        Profile = AgentProfiles.Find("/no/such/folder", agent);
        Directory.CreateDirectory(Work);
    }

    public static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public ModelDouble Model { get; } = new();

    public AgentProfile Profile { get; }

    /// <summary>Where the agent works.</summary>
    public string Work => Path.Combine(_home.Folder, "work");

    /// <summary>The log of the last run.</summary>
    public string Log => File.ReadAllText(Path.Combine(_home.Folder, "log"));

    public int ExitCode { get; private set; }

    /// <summary>Skips the test, and says why, where the agent is not to be had.</summary>
    public static async Task<AgentRun> OfAsync(string agent)
    {
        var programs = await AgentPrograms.ReadyAsync(Cancel);
        Assert.SkipWhen(programs.Missing is not null, programs.Missing ?? "");
        return new AgentRun(programs, agent);
    }

    public async Task<AgentResult> ResultAsync(string prompt, AgentCall? call = null)
    {
        call ??= new AgentCall();
        if (Profile.ChoosesSession && call.Session is null)
            call = call with { Session = AgentProfile.NewSession() };
        var own = Path.Combine(_home.Folder, "task");
        Directory.CreateDirectory(own + "/files");
        await File.WriteAllTextAsync(own + "/prompt", prompt, Cancel);
        foreach (var (path, text) in Profile.Files(call))
            await File.WriteAllTextAsync(Filled(path), Filled(text), Cancel);
        var variables = _home.Variables().Concat(Profile.Environment(call)).Append(new("PATH", $"{_programs.Bin}:{Environment.GetEnvironmentVariable("PATH")}"));
        await ShellAsync(
            ["-c", "prompt=$1 log=$2; shift 2; exec \"$@\" <\"$prompt\" >\"$log\" 2>&1", "sh", own + "/prompt", Path.Combine(_home.Folder, "log"),
            "env", "-i", .. variables.Select(v => $"{v.Key}={Filled(v.Value)}"), Profile.Program, .. Profile.Words(call).Select(Filled)]);
        var output = new AgentOutput(Profile, call);
        output.Read(await File.ReadAllBytesAsync(Path.Combine(_home.Folder, "log"), Cancel));
        return output.Finish(new AgentExit(ExitCode));

        string Filled(string word) => word.Replace("{workspace}", own, StringComparison.Ordinal).Replace("{directory}", Work, StringComparison.Ordinal);
    }

    /// <summary>Starts a warm server of OpenCode, which works in another folder of its own.</summary>
    public async Task<AgentServer> ServeAsync()
    {
        using var door = Door.Closed("127.0.0.1");
        var port = door.Port;
        door.Dispose();
        var server = new AgentServer(
            Process.Start(new ProcessStartInfo("/usr/bin/env", ["-i", .. _home.Variables().Select(v => $"{v.Key}={v.Value}"), $"PATH={_programs.Bin}:{Environment.GetEnvironmentVariable("PATH")}",
                "opencode", "serve", "--hostname", "127.0.0.1", "--port", port.ToString(System.Globalization.CultureInfo.InvariantCulture)])
            {
                WorkingDirectory = _home.Folder, RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true,
            })!,
            $"http://127.0.0.1:{port}");
        // "opencode server listening on …"
        while (await server.Process.StandardOutput.ReadLineAsync(Cancel) is { } line && !line.Contains("listening", StringComparison.Ordinal))
            Assert.False(server.Process.HasExited, line);
        return server;
    }

    public async ValueTask DisposeAsync()
    {
        await Model.DisposeAsync();
        _home.Dispose();
    }

    private async Task ShellAsync(string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo("/bin/sh", arguments) { WorkingDirectory = Work })!;
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        limit.CancelAfter(Patience);
        try
        {
            await process.WaitForExitAsync(limit.Token);
            ExitCode = process.ExitCode;
        }
        catch (OperationCanceledException) when (!Cancel.IsCancellationRequested)
        {
            Assert.Fail($"{Profile.Name} did not end within {Patience.TotalSeconds:0} s: {Log}");
        }
        finally
        {
            if (!process.HasExited)
                process.Kill(entireProcessTree: true);
        }
    }
}

/// <summary>A server that lives until it is disposed of.</summary>
internal sealed record AgentServer(Process Process, string Address) : IAsyncDisposable
{
    public async ValueTask DisposeAsync()
    {
        Process.Kill(entireProcessTree: true);
        await Process.WaitForExitAsync();
        Process.Dispose();
    }
}
