using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Nodes;
using RemoteDispatch.Agents;
using RemoteDispatch.Credentials;
using RemoteDispatch.Tasks;

namespace RemoteDispatch.Core.Tests.Tasks;

/// <summary>A request that waits is kept whole, but for its secrets.</summary>
public sealed class TaskRequestDocumentTests
{
    private static readonly GitHubApp App = GitHubApp.Create("Iv23li4711", Key());

    // One value for each property, other than its default. A property that is new needs one here, and a line in both methods of TaskRequestDocument.
    private static readonly Dictionary<string, object> Samples = new()
    {
        [nameof(TaskRequest.Command)] = "echo 'é漢🎉' \"$1\"\r\n\t# \u0001",
        [nameof(TaskRequest.Agent)] = new AgentRequest
        {
            Name = "claude",
            Call = new AgentCall
            {
                Model = "m", MaxTurns = 5, Session = "s", Resume = true, PermissionMode = "plan", AllowedTools = ["Read", "Bash(ls *)"], DeniedTools = ["Web"], Attachments = ["{workspace}/files/a"], Server = "http://x",
            },
            Frame = "# {prompt}",
            Resumes = "one-0",
        },
        [nameof(TaskRequest.Repository)] = new RepositoryRequest { Url = "git@example.com:octo/site", Branch = "main", TaskBranch = "mine", Depth = 0, Of = "first" },
        [nameof(TaskRequest.Arguments)] = new[] { "", "a b", "--x" },
        [nameof(TaskRequest.Attachments)] = new[] { new TaskAttachment("a.bin", new byte[] { 0, 255, 10 }), new TaskAttachment("empty", default) },
        [nameof(TaskRequest.Id)] = TaskId.Parse("one-1"),
        [nameof(TaskRequest.WorkingDirectory)] = "~/a b",
        [nameof(TaskRequest.Environment)] = new SortedDictionary<string, string>(StringComparer.Ordinal) { ["A"] = "", ["B"] = "x\ny" },
        [nameof(TaskRequest.Credentials)] = new[] { CredentialGrant.Create("NPM_TOKEN", "topsecret-1"), CredentialGrant.Create("HF_TOKEN", "topsecret-2") },
        [nameof(TaskRequest.ScopedToken)] = ScopedTokenRequest.Create(App, ["octo/a", "octo/b"], TokenRight.Parse(["contents:write"]), TimeSpan.FromMinutes(20), "https://ghe.example.com/api/v3"),
        [nameof(TaskRequest.LoginShell)] = true,
        [nameof(TaskRequest.Runner)] = TaskRunner.Tmux,
        [nameof(TaskRequest.Sandbox)] = new SandboxRequest { Allow = SandboxAllowance.GitIdentity | SandboxAllowance.AgentLogin, NoNetwork = true, RequireBoundary = true, Paths = ["/a"], WritablePaths = ["~/b"] },
        [nameof(TaskRequest.AgentForwarding)] = AgentForwarding.Required,
        [nameof(TaskRequest.SeparateError)] = true,
        [nameof(TaskRequest.ReportToolUse)] = true,
        [nameof(TaskRequest.TimeLimit)] = TimeSpan.FromMilliseconds(90_500),
        [nameof(TaskRequest.StopGrace)] = TimeSpan.FromSeconds(3),
        [nameof(TaskRequest.StallLimit)] = TimeSpan.Zero,
        [nameof(TaskRequest.Title)] = "nightly.sh",
    };

    public static TheoryData<string> Properties => [.. typeof(TaskRequest).GetProperties().Where(p => p.SetMethod is not null).Select(p => p.Name)];

    [Theory, MemberData(nameof(Properties))]
    public void Each_property_is_kept_and_read_back(string name)
    {
        Assert.True(Samples.TryGetValue(name, out var sample), $"{name} is new: store it in TaskRequestDocument, and give it a value here.");
        var request = new TaskRequest { Command = "true" };
        typeof(TaskRequest).GetProperty(name)!.SetValue(request, sample);
        var back = Back(request);
        Assert.Equal(Shown(name, request), Shown(name, back));
        Assert.NotEqual(Shown(name, new TaskRequest { Command = "true" }), Shown(name, back));
        Assert.Equal(request.Digest(), back.Digest());
    }

    [Fact]
    public void All_properties_together_are_the_same_request_and_no_secret_is_in_the_text()
    {
        var request = new TaskRequest { Command = "x" };
        foreach (var (name, value) in Samples)
            typeof(TaskRequest).GetProperty(name)!.SetValue(request, value);
        var text = TaskRequestDocument.Write(request).ToJsonString();
        Assert.DoesNotContain("topsecret", text, StringComparison.Ordinal);
        Assert.DoesNotContain("PRIVATE KEY", text, StringComparison.Ordinal);
        var back = Back(request);
        Assert.Equal(request.Digest(), back.Digest());
        Assert.Equal(TaskRequestDocument.Write(request).ToJsonString(), TaskRequestDocument.Write(back).ToJsonString());
        Assert.Equal(["topsecret-1", "topsecret-2"], back.Credentials.Select(g => g.Reveal()));
    }

    private static TaskRequest Back(TaskRequest request)
    {
        // As a file has it.
        var json = JsonNode.Parse(JsonSerializer.SerializeToUtf8Bytes(TaskRequestDocument.Write(request)))!.AsObject();
        return TaskRequestDocument.Read(json, name => request.Credentials.Single(g => g.Name == name), id => id == App.Id ? App : throw new InvalidOperationException(id));
    }

    private static string Shown(string name, TaskRequest request)
    {
        var value = typeof(TaskRequest).GetProperty(name)!.GetValue(request);
        return value switch
        {
            null => "null",
            TaskId or TimeSpan or ScopedTokenRequest => $"{value} {(value as ScopedTokenRequest)?.ExpiresIn} {(value as ScopedTokenRequest)?.ApiAddress}",
            IReadOnlyList<CredentialGrant> grants => string.Join(' ', grants.Select(g => $"{g.Name}={g.Reveal()}")),
            IReadOnlyList<TaskAttachment> files => string.Join(' ', files.Select(f => f.Digest)),
            _ => JsonSerializer.Serialize(value),
        };
    }

    private static string Key()
    {
        using var rsa = RSA.Create(2048);
        return rsa.ExportRSAPrivateKeyPem();
    }
}
