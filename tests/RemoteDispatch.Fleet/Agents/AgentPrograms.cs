using System.Diagnostics;

namespace RemoteDispatch.Fleet;

/// <summary>
/// The real command lines of the AI agents, in versions that are named here, installed from npm once per user into a folder of the cache. A folder
/// that <c>REMOTE_DISPATCH_AGENT_PROGRAMS</c> names, with a <c>node_modules</c> of such an install, is taken as it is.
/// </summary>
public sealed class AgentPrograms
{
    /// <summary>The versions that the profiles are checked against.</summary>
    public static readonly IReadOnlyDictionary<string, string> Versions = new Dictionary<string, string>(StringComparer.Ordinal)
    {
        ["claude"] = "2.1.197", ["opencode"] = "1.18.33", ["codex"] = "0.169.0", ["gemini"] = "0.61.0",
    };

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(6);
    private static readonly Lazy<Task<AgentPrograms>> Installed = new(InstallAsync);

    private static readonly Dictionary<string, string> Packages = new(StringComparer.Ordinal)
    {
        ["claude"] = "@anthropic-ai/claude-code", ["opencode"] = "opencode-ai", ["codex"] = "@openai/codex", ["gemini"] = "@google/gemini-cli",
    };

    private AgentPrograms(string folder, string? missing) => (Folder, Missing) = (folder, missing);

    /// <summary>The folder that holds the programs.</summary>
    public string Bin => Path.Combine(Folder, "node_modules", ".bin");

    /// <summary>Why they are not to be had here: the reason to skip a test; null where they are there.</summary>
    public string? Missing { get; }

    /// <summary>A folder of this user's for what tests need and should not lie below /tmp: Codex keeps no programs there.</summary>
    public static string Cache => Path.Combine(
        Environment.GetEnvironmentVariable("XDG_CACHE_HOME") is { Length: > 0 } cache ? cache : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache"),
        "remote-dispatch-tests");

    private string Folder { get; }

    /// <summary>The programs, installed where they were not. Minutes at first, nothing later.</summary>
    public static Task<AgentPrograms> ReadyAsync(CancellationToken cancellationToken) => Installed.Value.WaitAsync(cancellationToken);

    private static async Task<AgentPrograms> InstallAsync()
    {
        if (Environment.GetEnvironmentVariable("REMOTE_DISPATCH_AGENT_PROGRAMS") is { Length: > 0 } given)
            return new AgentPrograms(given, Directory.Exists(given) ? null : $"REMOTE_DISPATCH_AGENT_PROGRAMS names {given}, which is not there.");
        var folder = Path.Combine(Cache, "agents-" + string.Join('-', Versions.Values));
        if (Directory.Exists(folder))
            return new AgentPrograms(folder, null);
        if (!OnPath("npm") || !OnPath("node"))
            return new AgentPrograms(folder, "npm is not installed here.");
        using var limit = new CancellationTokenSource(Patience);
        var draft = $"{folder}.{Environment.ProcessId}.new";
        try
        {
            Directory.CreateDirectory(Cache);
            await using var held = await LockAsync(folder + ".lock", limit.Token).ConfigureAwait(false);
            if (Directory.Exists(folder))
                return new AgentPrograms(folder, null);
            Directory.CreateDirectory(draft);
            var packages = Packages.Select(p => $"{p.Value}@{Versions[p.Key]}");
            // What they run at an install is run by hand: npm runs no such script unless it is told which, and each version is told in another way.
            await RunAsync(draft, "npm", ["install", "--prefix", draft, "--ignore-scripts", "--no-audit", "--no-fund", "--fetch-retries=1", "--loglevel=error", .. packages], limit.Token).ConfigureAwait(false);
            await RunAsync(Path.Combine(draft, "node_modules", "@anthropic-ai", "claude-code"), "node", ["install.cjs"], limit.Token).ConfigureAwait(false);
            await RunAsync(Path.Combine(draft, "node_modules", "opencode-ai"), "node", ["postinstall.mjs"], limit.Token).ConfigureAwait(false);
            Directory.Move(draft, folder);
            return new AgentPrograms(folder, null);
        }
        catch (Exception e) when (e is OperationCanceledException or InvalidOperationException or IOException or UnauthorizedAccessException)
        {
            var first = e.Message.Split('\n').First(l => l.Trim().Length > 0);
            return new AgentPrograms(folder, e is OperationCanceledException ? $"npm did not install the agents within {Patience.TotalMinutes:0} minutes." : $"npm cannot install the agents: {first}");
        }
        finally
        {
            if (Directory.Exists(draft))
                Directory.Delete(draft, recursive: true);
        }
    }

    private static bool OnPath(string program) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Any(f => f.Length > 0 && File.Exists(Path.Combine(f, program)));

    /// <summary>Two suites may want them at once.</summary>
    private static async Task<FileStream> LockAsync(string path, CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException e) when (e.GetType() == typeof(IOException))
            {
                await Task.Delay(TimeSpan.FromMilliseconds(200), TimeProvider.System, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    private static async Task RunAsync(string folder, string program, string[] arguments, CancellationToken cancellationToken)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments)
        {
            WorkingDirectory = folder, RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true,
        })!;
        process.StandardInput.Close();
        try
        {
            var printed = process.StandardOutput.ReadToEndAsync(cancellationToken);
            var errors = await process.StandardError.ReadToEndAsync(cancellationToken).ConfigureAwait(false);
            await printed.ConfigureAwait(false);
            await process.WaitForExitAsync(cancellationToken).ConfigureAwait(false);
            if (process.ExitCode != 0)
                throw new InvalidOperationException($"{program} {arguments[0]} ended with {process.ExitCode}: {errors.Trim()}");
        }
        finally
        {
            if (!process.HasExited)
                process.Kill(entireProcessTree: true);
        }
    }
}
