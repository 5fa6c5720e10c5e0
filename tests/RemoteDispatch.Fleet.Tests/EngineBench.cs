using System.Diagnostics;
using System.Text;
using RemoteDispatch.Hosts;
using RemoteDispatch.Tasks;

namespace RemoteDispatch.Fleet.Tests;

/// <summary>
/// A real Docker engine and two real sshd hosts that use it: on the first, bwrap does not work (a stand-in for one that the kernel does not
/// let make namespaces); on the second there is none in the PATH.
/// </summary>
internal sealed class EngineBench : IAsyncDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("rd-bin-").FullName;
    private DockerEngine? _engine;
    private SshFleet? _fleet;
    private Bench? _bench;

    public DockerEngine Engine => _engine!;

    public Dispatcher Dispatcher => _bench!.Dispatcher;

    public DispatchHost Host => Bench.HostOf(_fleet!.Hosts[0]);

    public DispatchHost HostWithoutBwrap => Bench.HostOf(_fleet!.Hosts[1]);

    /// <summary>The whole PATH of that second host: links to what is installed.</summary>
    public string WithoutBwrap => _folder + "/without";

    public string Home => _fleet!.Hosts[0].HomeOnDisk;

    public static async Task<EngineBench> StartAsync()
    {
        var made = new EngineBench();
        try
        {
            await made.OpenAsync();
            return made;
        }
        catch
        {
            await made.DisposeAsync();
            throw;
        }
    }

    public static bool Has(byte[] bytes, string text) => bytes.AsSpan().IndexOf(Encoding.UTF8.GetBytes(text)) >= 0;

    /// <summary>The processes, by number, with this text among their arguments.</summary>
    public static int[] WithArgument(string text) => [.. Process.GetProcesses().Select(p => p.Id).Where(id => Has(Bytes($"/proc/{id}/cmdline"), text))];

    public Task<string> TextOf(RemoteTask task) => _bench!.TextOf(task);

    public async Task<RemoteTask> RunAsync(TaskRequest request, DispatchHost? host = null)
    {
        var task = await Dispatcher.DispatchAsync(host ?? Host, request, Bench.Cancel);
        return await Dispatcher.WaitAsync(task, TimeSpan.FromSeconds(60), Bench.Cancel);
    }

    /// <summary>Starts a task, and waits until it has printed 'ready'.</summary>
    public async Task<RemoteTask> ReadyAsync(TaskRequest request)
    {
        var task = await Dispatcher.DispatchAsync(Host, request, Bench.Cancel);
        while (!(await TextOf(task)).Contains("ready", StringComparison.Ordinal))
            await Task.Delay(20, Bench.Cancel);
        return task;
    }

    public Task<string> ContainersAsync() => Engine.OutputAsync(Bench.Cancel, "ps", "-aq");

    public bool HasHome(RemoteTask task) => Directory.Exists($"{Home}/.remote-dispatch/tasks/{task.Id}/home");

    public async ValueTask DisposeAsync()
    {
        if (_bench is not null)
            await _bench.DisposeAsync();
        if (_fleet is not null)
            await _fleet.DisposeAsync();
        if (_engine is not null)
            await _engine.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    private static byte[] Bytes(string path)
    {
        try
        {
            return File.ReadAllBytes(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    private async Task OpenAsync()
    {
        _engine = await DockerEngine.StartAsync(Bench.Cancel);
        var broken = Directory.CreateDirectory(_folder + "/broken").FullName;
        await File.WriteAllTextAsync(broken + "/bwrap", "#!/bin/sh\necho 'bwrap: no permission' >&2; exit 1\n", Bench.Cancel);
        File.SetUnixFileMode(broken + "/bwrap", (UnixFileMode)0b111_101_101);
        Directory.CreateDirectory(WithoutBwrap);
        foreach (var file in new[] { "/usr/local/bin", "/usr/bin", "/usr/sbin" }.SelectMany(Directory.GetFileSystemEntries).DistinctBy(Path.GetFileName))
        {
            if (Path.GetFileName(file) != "bwrap")
                File.CreateSymbolicLink($"{WithoutBwrap}/{Path.GetFileName(file)}", file);
        }

        string[] paths = [broken + ":$PATH", WithoutBwrap];
        _fleet = await OwnFleet.StartAsync(2, i => new FleetHostOptions { LoginScript = $"export DOCKER_HOST={_engine.Socket} PATH={paths[i]} AWS_SECRET_ACCESS_KEY=planted-key" });
        _bench = new Bench(_fleet);
        Directory.CreateDirectory(Home + "/.ssh");
        await File.WriteAllTextAsync(Home + "/.ssh/id_ed25519", "planted-file", Bench.Cancel);
    }
}
