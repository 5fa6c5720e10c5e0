using System.Runtime.CompilerServices;
using RemoteDispatch.Agents;
using RemoteDispatch.Health;
using RemoteDispatch.Workspaces;

namespace RemoteDispatch.Core.Tests.Health;

/// <summary>A check of this machine as a host of its own: a home, a login shell and a PATH that go with the test, with stand-ins for programs that are not here.</summary>
internal sealed class HealthBench : IAsyncDisposable
{
    private readonly TestFolder _folder = new();
    private readonly List<string> _variables = [];
    private readonly string _shell;
    private WorkspaceClient? _client;

    public HealthBench(string shell)
    {
        _shell = shell;
        Directory.CreateDirectory(Bin);
        Directory.CreateDirectory(Home);
    }

    public static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public string Home => _folder.Path + "/home";

    public string Bin => _folder.Path + "/bin";

    public string Root => _folder.Path + "/tasks";

    /// <summary>The folders of this machine's own programs; without them, only stand-ins are found.</summary>
    public string Path { get; set; } = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

    public void Set(string name, string value) => _variables.Add($"{name}={value}");

    /// <summary>A program of the test's own, as a shell script.</summary>
    public void StandIn(string name, string script, string? folder = null)
    {
        var path = System.IO.Path.Combine(folder ?? Bin, name);
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(path)!);
        File.WriteAllText(path, $"#!/bin/sh\n{script}\n");
        File.SetUnixFileMode(path, (UnixFileMode)0b111_101_101);
    }

    /// <summary>The stand-in for nvidia-smi, which keeps to the real one's grammar.</summary>
    public void NvidiaStandIn(string gpus, [CallerFilePath] string here = "") =>
        StandIn("nvidia-smi", $"GPUS='{gpus}' exec sh '{System.IO.Path.GetDirectoryName(here)}/nvidia-smi-stand-in.sh' \"$@\"");

    public async Task<HostHealth> CheckAsync(HostCheckOptions? options = null, IReadOnlyList<AgentProfile>? agents = null)
    {
        _client ??= new WorkspaceClient(Shells.Options(_shell) with
        {
            Shell = ["/usr/bin/env", "-u", "SSH_AUTH_SOCK", $"PATH={Bin}:{Path}", $"HOME={Home}", "SHELL=/bin/sh", .. _variables, .. Shells.CommandLine(_shell)],
        });
        return await new HostProbe(_client, agents ?? AgentProfiles.Read("/no/such/folder")).CheckAsync(_folder.Host, options ?? new HostCheckOptions(), Cancel);
    }

    public Task<HostHealth> CheckAsync(params string[] checks) => CheckAsync(new HostCheckOptions { Checks = checks, AnswerTimeout = TimeSpan.FromSeconds(1) });

    /// <summary>Asks the machine by hand.</summary>
    public static async Task<string> ByHandAsync(string command)
    {
        var (_, output, _) = await ProcessRun.OfAsync(["/bin/sh", "-c", $"LC_ALL=C; export LC_ALL; {command}"], Cancel);
        return System.Text.Encoding.UTF8.GetString(output).Trim();
    }

    public async ValueTask DisposeAsync()
    {
        if (_client is not null)
            await _client.DisposeAsync();
        _folder.Dispose();
    }
}
