using System.Diagnostics;
using System.Formats.Tar;

namespace RemoteDispatch.Fleet.Tests;

/// <summary>
/// A Docker engine of the suite's own: a daemon with everything of it in a temp folder, and one image that is a static busybox.
/// Needs root, dockerd, and busybox; elsewhere the tests that want it are skipped and say so.
/// </summary>
internal sealed class DockerEngine : IAsyncDisposable
{
    public const string Image = "rd-busybox";

    private readonly string _folder;
    private readonly Process _daemon;

    private DockerEngine(string folder, Process daemon) => (_folder, _daemon) = (folder, daemon);

    public static string? Missing { get; } = FindMissing();

    /// <summary>Where everything of it is, the disks of its containers too.</summary>
    public string Folder => _folder;

    public string Socket => $"unix://{_folder}/docker.sock";

    public static async Task<DockerEngine> StartAsync(CancellationToken cancellationToken)
    {
        Assert.SkipWhen(Missing is not null, Missing ?? "");
        var folder = Directory.CreateTempSubdirectory("rd-docker-").FullName;
        var start = new ProcessStartInfo("dockerd",
        [
            "--data-root", folder + "/data", "--exec-root", folder + "/exec", "--pidfile", folder + "/pid", "--host", $"unix://{folder}/docker.sock",
            "--bridge=none", "--iptables=false", "--ip6tables=false", "--ip-forward=false",
        ]) { RedirectStandardError = true, RedirectStandardOutput = true };
        var daemon = Process.Start(start)!;
        var log = daemon.StandardError.ReadToEndAsync(cancellationToken);
        var engine = new DockerEngine(folder, daemon);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(TimeSpan.FromSeconds(30));
        while (await engine.TryRunAsync(limit.Token, "version") != 0)
        {
            Assert.SkipWhen(daemon.HasExited, $"dockerd does not run here: {(daemon.HasExited ? (await log).Trim().Split('\n')[^1] : "")}");
            await Task.Delay(20, limit.Token);
        }

        await engine.ImportImageAsync(limit.Token);
        return engine;
    }

    /// <summary>Starts a container that sleeps; with a label where one is named.</summary>
    public async Task RunContainerAsync(string name, string? label, CancellationToken cancellationToken)
    {
        string[] labels = label is null ? [] : ["--label", label];
        Assert.Equal(0, await TryRunAsync(cancellationToken, ["run", "-d", "--network=none", "--name", name, .. labels, Image, "/bin/sleep", "100000"]));
    }

    public async Task RemoveContainerAsync(string name, CancellationToken cancellationToken) =>
        Assert.Equal(0, await TryRunAsync(cancellationToken, "rm", "-f", name));

    /// <summary>Runs a command in a container by hand, and gives what it printed.</summary>
    public async Task<string> ExecAsync(string name, string command, CancellationToken cancellationToken)
    {
        using var process = Process.Start(Docker(["exec", name, "/bin/sh", "-c", command]))!;
        var text = await process.StandardOutput.ReadToEndAsync(cancellationToken);
        await process.WaitForExitAsync(cancellationToken);
        return text;
    }

    /// <summary>The daemon's version, asked by hand.</summary>
    public Task<string> VersionAsync(CancellationToken cancellationToken) => OutputAsync(cancellationToken, "version", "--format", "{{.Server.Version}}");

    public async Task<string> OutputAsync(CancellationToken cancellationToken, params string[] arguments)
    {
        using var process = Process.Start(Docker(arguments))!;
        var text = await process.StandardOutput.ReadToEndAsync(cancellationToken);
        await process.WaitForExitAsync(cancellationToken);
        return text.Trim();
    }

    public async Task<int> TryRunAsync(CancellationToken cancellationToken, params string[] arguments)
    {
        using var process = Process.Start(Docker(arguments))!;
        await Task.WhenAll(process.StandardOutput.ReadToEndAsync(cancellationToken), process.StandardError.ReadToEndAsync(cancellationToken));
        await process.WaitForExitAsync(cancellationToken);
        return process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        using var list = Process.Start(Docker(["ps", "-aq"]))!;
        var names = (await list.StandardOutput.ReadToEndAsync()).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        if (names.Length > 0)
            await TryRunAsync(CancellationToken.None, ["rm", "-f", .. names]);
        using (var term = Process.Start("kill", ["-TERM", _daemon.Id.ToString(System.Globalization.CultureInfo.InvariantCulture)]))
            await term.WaitForExitAsync();
        await _daemon.WaitForExitAsync();
        _daemon.Dispose();
        // A container in the host's network leaves a mount behind.
        if (File.Exists(_folder + "/exec/netns/default"))
        {
            using var unmount = Process.Start("umount", [_folder + "/exec/netns/default"]);
            await unmount.WaitForExitAsync();
        }

        Directory.Delete(_folder, recursive: true);
    }

    private ProcessStartInfo Docker(string[] arguments) => new("docker", ["--host", Socket, .. arguments])
    {
        RedirectStandardOutput = true, RedirectStandardError = true,
    };

    private async Task ImportImageAsync(CancellationToken cancellationToken)
    {
        var tar = Path.Combine(_folder, "image.tar");
        await using (var writer = new TarWriter(File.Create(tar)))
        {
            foreach (var folder in new[] { "bin", "root", "tmp", "etc", "proc", "dev" })
                await writer.WriteEntryAsync(new PaxTarEntry(TarEntryType.Directory, folder + "/") { Mode = (UnixFileMode)0b111_101_101 }, cancellationToken);
            await writer.WriteEntryAsync("/bin/busybox", "bin/busybox", cancellationToken);
            foreach (var applet in new[] { "sh", "sleep", "setsid", "mkdir", "mv", "rm", "rmdir", "cat", "ls", "date", "head", "tail", "wc", "dd", "tr", "grep", "chmod", "id", "uname", "df", "echo", "ps", "env" })
                await writer.WriteEntryAsync(new PaxTarEntry(TarEntryType.SymbolicLink, "bin/" + applet) { LinkName = "busybox" }, cancellationToken);
            var passwd = new PaxTarEntry(TarEntryType.RegularFile, "etc/passwd") { DataStream = new MemoryStream("root:x:0:0:root:/root:/bin/sh\n"u8.ToArray()) };
            await writer.WriteEntryAsync(passwd, cancellationToken);
        }

        Assert.Equal(0, await TryRunAsync(cancellationToken, "import", tar, Image));
    }

    private static string? FindMissing()
    {
        if (!OperatingSystem.IsLinux() || Environment.UserName != "root")
            return "A Docker engine of one's own needs root on Linux.";
        var missing = new[] { "/usr/sbin/dockerd", "/bin/busybox", "/usr/sbin/iptables" }.Where(p => !File.Exists(p)).ToArray();
        return missing.Length > 0 ? $"{string.Join(", ", missing)} not there: apt-get install docker.io busybox-static iptables." : null;
    }
}
