using System.Diagnostics;

namespace RemoteDispatch.Fleet.Tests.Faults;

/// <summary>A disk that is soon full: a small file system of its own.</summary>
internal sealed class Tmpfs : IDisposable
{
    private Tmpfs(string folder) => Folder = folder;

    public string Folder { get; }

    /// <summary>Mounts one; the test is skipped, and says so, where that is not allowed.</summary>
    public static Tmpfs Mount(string size)
    {
        var folder = Directory.CreateTempSubdirectory("rd-disk-").FullName;
        var (code, errors) = Run("mount", "-t", "tmpfs", "-o", $"size={size},mode=700", "tmpfs", folder);
        if (code != 0)
            Directory.Delete(folder);
        Assert.SkipWhen(code != 0, $"A small disk cannot be mounted here: {errors.Trim()}");
        return new Tmpfs(folder);
    }

    public void Dispose()
    {
        // Lazily: a process that a failed test has left may still stand in it.
        Run("umount", "-l", Folder);
        Directory.Delete(Folder);
    }

    private static (int Code, string Errors) Run(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
        var errors = process.StandardError.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, errors);
    }
}
