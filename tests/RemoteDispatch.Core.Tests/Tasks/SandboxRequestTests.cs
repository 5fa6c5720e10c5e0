using System.Text.Json;
using RemoteDispatch.Credentials;
using RemoteDispatch.Tasks;
using RemoteDispatch.Workspaces;

namespace RemoteDispatch.Core.Tests.Tasks;

/// <summary>What is asked of a sandbox, and what is read of it.</summary>
public sealed class SandboxRequestTests
{
    private static readonly TaskRequest Plain = new() { Command = "true" };

    [Fact]
    public void Digest_of_any_other_sandbox_differs()
    {
        SandboxRequest?[] boxes =
        [
            null, new(), new() { Allow = SandboxAllowance.GitIdentity }, new() { Allow = SandboxAllowance.AgentLogin }, new() { NoNetwork = true }, new() { RequireBoundary = true },
            new() { Paths = ["a", "b"] }, new() { Paths = ["a b"] }, new() { WritablePaths = ["a", "b"] }, new() { Paths = ["a"], WritablePaths = ["b"] },
        ];
        Assert.Distinct(boxes.Select(b => (Plain with { Sandbox = b }).Digest()));
    }

    [Fact]
    public void ToJson_says_what_was_asked_and_no_more()
    {
        var request = Plain with { Sandbox = new SandboxRequest { Allow = SandboxAllowance.GitIdentity | SandboxAllowance.AgentSettings, NoNetwork = true, Paths = ["/a\"b"] } };
        using var document = JsonDocument.Parse(request.ToJson(TaskId.Parse("id-1"), default));
        Assert.Equal("""{"allow":"GitIdentity, AgentSettings","noNetwork":true,"paths":["/a\"b"]}""", document.RootElement.GetProperty("sandbox").GetRawText());
    }

    [Fact]
    public void ToShellText_holds_names_of_variables_and_never_a_value()
    {
        var order = (Plain with { Sandbox = new SandboxRequest { Paths = ["it's"] }, Credentials = [CredentialGrant.Create("TOKEN", "canary-value")] })
            .ToOrder(TaskId.Parse("id-1"), default);
        Assert.Contains(" TOKEN ", order.More, StringComparison.Ordinal);
        Assert.Contains(@"'r it'\''s'", order.More, StringComparison.Ordinal);
        Assert.DoesNotContain("canary", order.More + order.TaskJson, StringComparison.Ordinal);
    }

    [Fact]
    public void Validate_of_what_would_undo_the_sandbox_is_refused()
    {
        var boxed = Plain with { Sandbox = new SandboxRequest() };
        boxed.Validate();
        TaskRequest[] bad =
        [
            boxed with { LoginShell = true }, boxed with { Environment = new Dictionary<string, string> { ["HOME"] = "/root" } },
            boxed with { Credentials = [CredentialGrant.Create("XDG_CONFIG_HOME", "/root/.config")] },
            boxed with { Sandbox = new SandboxRequest { Paths = [""] } }, boxed with { Sandbox = new SandboxRequest { WritablePaths = ["a\nw /"] } },
            boxed with { Sandbox = new SandboxRequest { Allow = (SandboxAllowance)64 } },
        ];
        Assert.All(bad, r => Assert.Equal(FailureReason.InvalidInput, Assert.Throws<DispatchException>(r.Validate).Reason));
    }

    [Fact]
    public void Sandbox_that_is_not_known_is_no_boundary()
    {
        Assert.Equal(new TaskSandbox(SandboxKind.Boundary, "bwrap", false), WorkspaceState.Parse("running+bwrap:offline 1 2 3 boot 4").Sandbox);
        Assert.Equal(new TaskSandbox(SandboxKind.Boundary, "bwrap", true), WorkspaceState.Parse("ended+bwrap exited 0 1 2 a+b").Sandbox);
        Assert.Equal(new TaskSandbox(SandboxKind.Boundary, "docker", true), WorkspaceState.Parse("lost+docker 4").Sandbox);
        Assert.Equal("Boundary (docker, no network)", WorkspaceState.Parse("running+docker:offline 1 2 3 boot 4").Sandbox!.ToString());
        foreach (var word in new[] { "environment", "", "docker2", "docker:", "podman", "bwrap2", "boundary", "bwrap:", "Bwrap", "+bwrap" })
            Assert.Equal(SandboxKind.Environment, WorkspaceState.Parse($"lost+{word} 4").Sandbox!.Kind);
        Assert.Null(WorkspaceState.Parse("ended exited 0 1 2 a+b").Sandbox);
    }
}
