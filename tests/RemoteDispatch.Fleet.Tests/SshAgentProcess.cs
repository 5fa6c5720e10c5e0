using System.Diagnostics;

namespace RemoteDispatch.Fleet.Tests;

/// <summary>A real ssh-agent with one key, for one test.</summary>
internal sealed class SshAgentProcess : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("rd-agent-").FullName;
    private readonly Process _process;

    private SshAgentProcess() =>
        _process = Process.Start(new ProcessStartInfo("ssh-agent", ["-D", "-a", Socket]) { RedirectStandardOutput = true })!;

    public string Socket => Path.Combine(_folder, "socket");

    public static async Task<SshAgentProcess> WithKeyAsync(string keyPath)
    {
        var agent = new SshAgentProcess();
        // It says where it listens when it does; the file is there a moment before.
        await agent._process.StandardOutput.ReadLineAsync(Bench.Cancel);
        await RunAsync(new Dictionary<string, string> { ["SSH_AUTH_SOCK"] = agent.Socket }, "ssh-add", "-q", keyPath);
        return agent;
    }

    /// <summary>Runs a program of OpenSSH to its end.</summary>
    public static async Task RunAsync(IReadOnlyDictionary<string, string> environment, string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardError = true, RedirectStandardInput = true };
        foreach (var (name, value) in environment)
            start.Environment[name] = value;
        using var process = Process.Start(start)!;
        process.StandardInput.Close();
        var errors = await process.StandardError.ReadToEndAsync(Bench.Cancel);
        await process.WaitForExitAsync(Bench.Cancel);
        Assert.True(process.ExitCode == 0, errors);
    }

    public void Dispose()
    {
        _process.Kill();
        _process.Dispose();
        Directory.Delete(_folder, recursive: true);
    }
}
