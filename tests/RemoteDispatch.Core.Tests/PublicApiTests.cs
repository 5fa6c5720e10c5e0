using RemoteDispatch.Tasks;

namespace RemoteDispatch.Core.Tests;

/// <summary>The public shape of the library changes on purpose only: <c>PublicApi.txt</c> is what a review sees of it.</summary>
public sealed class PublicApiTests
{
    /// <summary>Set to 1, this variable lets the test write the file anew.</summary>
    private const string Update = "UPDATE_PUBLIC_API";

    [Fact]
    public void Public_surface_is_the_committed_one()
    {
        var path = Path.Combine(ProjectFolder(), "PublicApi.txt");
        var now = PublicApi.Of(typeof(Dispatcher).Assembly);
        if (Environment.GetEnvironmentVariable(Update) == "1")
            File.WriteAllText(path, now);
        var committed = File.Exists(path) ? File.ReadAllText(path).ReplaceLineEndings("\n") : "";
        if (now == committed)
            return;
        var (before, after) = (committed.Split('\n'), now.Split('\n'));
        var changes = before.Except(after).Select(l => "- " + l.Trim()).Concat(after.Except(before).Select(l => "+ " + l.Trim()));
        Assert.Fail($"The public surface of Core has changed. Is that meant? Then run the test once with {Update}=1, and commit {path}.\n{string.Join('\n', changes)}");
    }

    [Fact]
    public void Rendering_shows_what_matters_of_a_signature()
    {
        var text = PublicApi.Of(typeof(Dispatcher).Assembly);
        Assert.Contains("sealed record RemoteDispatch.Tasks.RemoteTask\n", text, StringComparison.Ordinal);
        Assert.Contains("    required string Id { get; init; }\n", text, StringComparison.Ordinal);
        Assert.Contains("    int? ExitCode { get; init; }\n", text, StringComparison.Ordinal);
        Assert.Contains("    string? LogPath { get; init; }\n", text, StringComparison.Ordinal);
        Assert.Contains("    static bool IsFinal(this TaskState state)\n", text, StringComparison.Ordinal);
        Assert.Contains("Task<RemoteTask> DispatchAsync(DispatchHost host, TaskRequest request, CancellationToken cancellationToken = default)\n", text, StringComparison.Ordinal);
        Assert.Contains("sealed class RemoteDispatch.Tasks.Dispatcher : IAsyncDisposable\n", text, StringComparison.Ordinal);
        Assert.DoesNotContain("<Clone>$", text, StringComparison.Ordinal);
        Assert.DoesNotContain("HostChannel", text, StringComparison.Ordinal);
    }

    private static string ProjectFolder()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && folder.GetFiles("RemoteDispatch.Core.Tests.csproj").Length == 0)
            folder = folder.Parent;
        return folder?.FullName ?? throw new DirectoryNotFoundException("The test project's folder is not above its output.");
    }
}
