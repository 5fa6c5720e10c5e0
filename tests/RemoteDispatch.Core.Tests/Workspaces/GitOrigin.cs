using System.Diagnostics;

namespace RemoteDispatch.Core.Tests.Workspaces;

/// <summary>A bare repository with a history, as a remote: made with the real git, whatever the user's own settings are.</summary>
internal sealed class GitOrigin
{
    private GitOrigin(string path) => Path = path;

    public string Path { get; }

    /// <summary>Through git's own transport, so that there is something to be transferred.</summary>
    public string Url => "file://" + Path;

    private string Work => Path + ".work";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>Makes one with a branch main of so many commits, each with a file of its own.</summary>
    public static async Task<GitOrigin> CreateAsync(string path, int commits = 5)
    {
        Assert.SkipUnless(File.Exists("/usr/bin/git"), "git is not installed: apt-get install git.");
        var origin = new GitOrigin(path);
        await GitAsync("init", "-q", "--bare", "-b", "main", path);
        await GitAsync("init", "-q", "-b", "main", origin.Work);
        for (var i = 1; i <= commits; i++)
            await origin.CommitAsync($"file{i}");
        return origin;
    }

    /// <summary>A commit more on a branch of the remote.</summary>
    /// <returns>Its hash.</returns>
    public async Task<string> CommitAsync(string file, string branch = "main")
    {
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName($"{Work}/{file}")!);
        await File.WriteAllTextAsync($"{Work}/{file}", $"content of {file}\n", Cancel);
        await GitAsync("-C", Work, "add", "--all");
        await GitAsync("-C", Work, "-c", "user.name=n", "-c", "user.email=e@x", "commit", "-q", "-m", file);
        await GitAsync("-C", Work, "push", "-q", "-f", Path, $"HEAD:refs/heads/{branch}");
        return await HeadAsync(branch);
    }

    public async Task<string> HeadAsync(string branch = "main") => await GitAsync("--git-dir=" + Path, "rev-parse", "refs/heads/" + branch);

    public Task TagAsync(string name) => GitAsync("--git-dir=" + Path, "-c", "user.name=n", "-c", "user.email=e@x", "tag", "-a", "-m", name, name, "main");

    /// <summary>git, and what it prints.</summary>
    public static async Task<string> GitAsync(params string[] words)
    {
        var start = new ProcessStartInfo("/usr/bin/git", words) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["GIT_CONFIG_GLOBAL"] = "/dev/null";
        using var git = Process.Start(start)!;
        var errors = git.StandardError.ReadToEndAsync(Cancel);
        var said = await git.StandardOutput.ReadToEndAsync(Cancel);
        await git.WaitForExitAsync(Cancel);
        Assert.True(git.ExitCode == 0, $"git {string.Join(' ', words)}: {await errors}");
        return said.Trim();
    }
}
