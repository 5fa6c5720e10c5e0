using System.Diagnostics;

namespace RemoteDispatch.Core.Tests.Workspaces;

/// <summary>A disk that is soon full: a small file system of its own.</summary>
internal sealed class Tmpfs : IDisposable
{
    private Tmpfs(string folder) => Folder = folder;

    public string Folder { get; }

    /// <summary>Mounts one; the test is skipped, and says so, where that is not allowed.</summary>
    /// <param name="options">As <c>size=256k</c> and <c>nr_inodes=20</c>.</param>
    public static Tmpfs Mount(string options)
    {
        var folder = Directory.CreateTempSubdirectory("rd-disk-").FullName;
        var (code, errors) = Run("mount", "-t", "tmpfs", "-o", $"mode=700,{options}", "tmpfs", folder);
        if (code != 0)
            Directory.Delete(folder);
        Assert.SkipWhen(code != 0, $"A small disk cannot be mounted here: {errors.Trim()}");
        return new Tmpfs(folder);
    }

    public void Remount(string options) => Assert.Equal(0, Run("mount", "-o", $"remount,{options}", Folder).Code);

    /// <summary>Fills it to the last byte.</summary>
    public void Fill()
    {
        using var file = File.Create(Folder + "/ballast", 1);
        try
        {
            while (true)
                file.Write(new byte[4096]);
        }
        catch (IOException)
        {
            // That is what was wanted.
        }
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
