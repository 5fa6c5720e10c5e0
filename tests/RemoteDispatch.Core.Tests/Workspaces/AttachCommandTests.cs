using RemoteDispatch.Hosts;
using RemoteDispatch.Workspaces;

namespace RemoteDispatch.Core.Tests.Workspaces;

/// <summary>What is run at the host to attach: the right folder, whatever its name, on one line.</summary>
public sealed class AttachCommandTests
{
    [Theory]
    [InlineData(null, "\"$HOME\"/'.remote-dispatch/tasks/a-1'")]
    [InlineData("~/it's $(id)", "\"$HOME\"/'it'\\''s $(id)/a-1'")]
    [InlineData("/scratch/a b", "'/scratch/a b/a-1'")]
    public void Command_goes_into_the_workspace_first(string? root, string folder)
    {
        var words = AttachCommand.Of(DispatchHost.Local with { WorkspaceRoot = root }, "a-1");
        Assert.Equal(["sh", "-c"], words.Take(2));
        Assert.StartsWith($"cd -- {folder} && ", words[2], StringComparison.Ordinal);
        Assert.EndsWith("exec tmux -u -S tmux attach", words[2], StringComparison.Ordinal);
        Assert.DoesNotContain('\n', words[2]);
    }
}
