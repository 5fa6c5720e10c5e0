using RemoteDispatch.Connections;
using RemoteDispatch.Hosts;
using RemoteDispatch.Workspaces;

namespace RemoteDispatch.Core.Tests;

/// <summary>The shells that the contract is tested under, and a host of this machine that ends in one of them.</summary>
internal static class Shells
{
    public static TheoryData<string> All => ["dash", "bash", "busybox"];

    /// <summary>The command line of a shell as somebody's <c>sh</c>; the test is skipped, and says so, where it is not installed.</summary>
    public static string[] CommandLine(string shell)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no POSIX shell.");
        var path = new[] { "/bin/", "/usr/bin/" }.Select(f => f + shell).FirstOrDefault(File.Exists);
        Assert.SkipWhen(path is null, $"{shell} is not installed.");
        return shell switch { "busybox" => [path!, "sh"], "bash" => [path!, "--posix"], _ => [path!] };
    }

    public static WorkspaceClient Client(string shell) => new(Options(shell));

    public static ConnectionOptions Options(string shell) => new() { Shell = CommandLine(shell), RequestTimeout = TimeSpan.FromSeconds(20) };
}

/// <summary>A folder that goes with the test, and a local host whose workspaces are in it.</summary>
internal sealed class TestFolder : IDisposable
{
    public TestFolder()
    {
        Path = Directory.CreateTempSubdirectory("rd-test-").FullName;
        Host = DispatchHost.Local with { WorkspaceRoot = Path + "/tasks" };
    }

    public string Path { get; }

    public DispatchHost Host { get; }

    public string Workspace(string id) => $"{Path}/tasks/{id}";

    /// <summary>Connections to a host that lacks some programs: its PATH is one folder, with links to all others.</summary>
    public ConnectionOptions Without(params string[] programs)
    {
        var bin = Path + "/bin";
        Directory.CreateDirectory(bin);
        foreach (var program in new[] { "/usr/bin", "/bin" }.SelectMany(f => Directory.GetFiles(f)).DistinctBy(System.IO.Path.GetFileName))
        {
            if (!programs.Contains(System.IO.Path.GetFileName(program)))
                File.CreateSymbolicLink($"{bin}/{System.IO.Path.GetFileName(program)}", program);
        }

        return Shells.Options("dash") with { Shell = ["/usr/bin/env", $"PATH={bin}", .. Shells.CommandLine("dash")] };
    }

    /// <summary>Tries again while a wrapper that was just stopped still writes its last record.</summary>
    public void Dispose()
    {
        for (var left = 500; ; left--)
        {
            try
            {
                Directory.Delete(Path, recursive: true);
                return;
            }
            catch (IOException) when (left > 0)
            {
                if (!Directory.Exists(Path))
                    return;
                Task.Delay(10).Wait();
            }
        }
    }
}
