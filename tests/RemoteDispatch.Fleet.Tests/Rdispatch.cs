using System.Diagnostics;
using System.Reflection;

namespace RemoteDispatch.Fleet.Tests;

/// <summary>The built program as a process, with files of its own that go with the test.</summary>
internal sealed class Rdispatch : IDisposable
{
    private static readonly string Program = typeof(Rdispatch).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().First(m => m.Key == "Rdispatch").Value!;

    private readonly string _folder;
    private readonly bool _isOwner;
    private readonly IReadOnlyList<string> _prefix;
    private readonly string? _sshConfig;

    /// <param name="sshConfig">The fleet's ssh_config; null for tests on this machine.</param>
    /// <param name="prefix">What runs the program elsewhere: in a fleet's network.</param>
    public Rdispatch(string? sshConfig, IReadOnlyList<string>? prefix = null)
        : this(sshConfig, prefix ?? [], Directory.CreateTempSubdirectory("rd-cli-test-").FullName) => _isOwner = true;

    private Rdispatch(string? sshConfig, IReadOnlyList<string> prefix, string folder) => (_sshConfig, _prefix, _folder) = (sshConfig, prefix, folder);

    /// <summary>The folder of its files, which is its home too.</summary>
    public string Folder => _folder;

    /// <summary>The same program with the same files, run by something else.</summary>
    public Rdispatch In(IReadOnlyList<string> prefix) => new(_sshConfig, prefix, _folder);

    public string HostsFile => Path.Combine(_folder, "hosts.json");

    /// <summary>The socket of the SSH agent that it finds; null for the one of these tests, if there is one.</summary>
    public string? Agent { get; init; }

    /// <summary>The socket of the container engine; null for the usual one.</summary>
    public string? DockerHost { get; init; }

    public Process Start(params string[] arguments)
    {
        string[] line = [.. _prefix, "dotnet", Program, .. arguments];
        var start = new ProcessStartInfo(line[0], line[1..]) { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true };
        start.Environment["REMOTE_DISPATCH_HOSTS_FILE"] = HostsFile;
        start.Environment["REMOTE_DISPATCH_STATE_DIR"] = Path.Combine(_folder, "state");
        start.Environment["REMOTE_DISPATCH_LOG_DIR"] = Path.Combine(_folder, "logs");
        start.Environment["HOME"] = _folder;
        if (DockerHost is not null)
            start.Environment["DOCKER_HOST"] = DockerHost;
        if (Agent is not null)
            start.Environment["SSH_AUTH_SOCK"] = Agent;
        if (_sshConfig is not null)
            start.Environment["REMOTE_DISPATCH_SSH_OPTS"] = $"-F '{_sshConfig}'";
        return Process.Start(start)!;
    }

    public async Task<(int Code, string Output, string Errors)> RunAsync(params string[] arguments)
    {
        using var process = Start(arguments);
        process.StandardInput.Close();
        var output = process.StandardOutput.ReadToEndAsync(Bench.Cancel);
        var errors = process.StandardError.ReadToEndAsync(Bench.Cancel);
        try
        {
            await process.WaitForExitAsync(Bench.Cancel).WaitAsync(TimeSpan.FromSeconds(90), Bench.Cancel);
        }
        catch (TimeoutException)
        {
            process.Kill(entireProcessTree: true);
            Assert.Fail($"rdispatch {string.Join(' ', arguments)} has not ended: {await output}{await errors}");
        }

        return (process.ExitCode, await output, await errors);
    }

    public void Dispose()
    {
        if (_isOwner)
            Directory.Delete(_folder, recursive: true);
    }
}
