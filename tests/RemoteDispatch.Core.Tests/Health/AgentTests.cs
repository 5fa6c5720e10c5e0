using RemoteDispatch.Agents;
using RemoteDispatch.Health;

namespace RemoteDispatch.Core.Tests.Health;

/// <summary>Agents are found wherever they live, and look signed in by what their own sign-in leaves. Stand-ins say what the real ones say.</summary>
public sealed class AgentTests
{
    [Theory, MemberData(nameof(Shells.All), MemberType = typeof(Shells))]
    public async Task Versions_are_those_that_the_real_ones_print(string shell)
    {
        await using var bench = new HealthBench(shell);
        bench.StandIn("claude", "[ \"$*\" = --version ] && echo '2.1.197 (Claude Code)'");
        bench.StandIn("opencode", "[ \"$*\" = --version ] && echo 1.18.33");
        bench.StandIn("codex", "echo 'WARNING: proceeding, even though 9.9.9' >&2; [ \"$*\" = --version ] && echo 'codex-cli 0.169.0'");
        bench.StandIn("gemini", "[ \"$*\" = --version ] && echo 0.61.0");
        var health = await bench.CheckAsync("claude", "opencode", "codex", "gemini");
        Assert.Equal(["2.1.197", "1.18.33", "0.169.0", "0.61.0"], health.Agents.Select(a => a.Version));
        Assert.Equal($"2.1.197 at {bench.Bin}/claude, does not look signed in", health["claude"]!.Detail);
        Assert.All(health.Agents, a => Assert.Equal((SignIn.No, null, false), (a.SignedIn, a.Proof, a.NeedsLoginShell)));
    }

    [Theory]
    [InlineData("claude", ".claude/.credentials.json"), InlineData("opencode", ".local/share/opencode/auth.json")]
    [InlineData("codex", ".codex/auth.json"), InlineData("gemini", ".gemini/oauth_creds.json")]
    public async Task File_of_a_sign_in_is_a_proof_and_an_emptied_one_is_none(string agent, string file)
    {
        await using var bench = new HealthBench("dash");
        bench.StandIn(agent, "echo 1.0.0");
        var path = Path.Combine(bench.Home, file);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        await File.WriteAllTextAsync(path, "{}\n", HealthBench.Cancel);
        Assert.Equal(SignIn.No, Assert.Single((await bench.CheckAsync(agent)).Agents).SignedIn);
        await File.WriteAllTextAsync(path, "{\"token\": \"s3cr3t\"}", HealthBench.Cancel);
        // Nobody may read it, and nobody needs to.
        File.SetUnixFileMode(path, 0);
        var health = await bench.CheckAsync(agent);
        Assert.Equal((SignIn.Yes, path), (health.Agents[0].SignedIn, health.Agents[0].Proof));
        Assert.DoesNotContain("s3cr3t", string.Join('\n', health.Checks), StringComparison.Ordinal);
    }

    [Theory, MemberData(nameof(Shells.All), MemberType = typeof(Shells))]
    public async Task Login_shell_has_programs_variables_and_folders_that_a_plain_one_has_not(string shell)
    {
        await using var bench = new HealthBench(shell);
        var far = bench.Home + "/a folder/bin";
        bench.StandIn("claude", "echo 2.0.0", far);
        bench.StandIn("codex", "echo 0.1.0");
        bench.StandIn("gemini", "echo 0.2.0");
        Directory.CreateDirectory(bench.Home + "/kept here");
        await File.WriteAllTextAsync(bench.Home + "/kept here/auth.json", "{\"key\": 1}", HealthBench.Cancel);
        await File.WriteAllTextAsync(
            bench.Home + "/.profile",
            $"echo 'Welcome. PATH /evil'; export PATH=\"$PATH:{far}\" ANTHROPIC_API_KEY='sk-s3cr3t' CODEX_HOME='{bench.Home}/kept here'\n", HealthBench.Cancel);
        var health = await bench.CheckAsync("claude", "codex", "gemini");
        Assert.Equal(new HostAgent("claude", far + "/claude", "2.0.0", SignIn.Yes, "ANTHROPIC_API_KEY", true), health.Agents[0]);
        Assert.Equal((SignIn.Yes, bench.Home + "/kept here/auth.json", false), (health.Agents[1].SignedIn, health.Agents[1].Proof, health.Agents[1].NeedsLoginShell));
        Assert.Equal(SignIn.No, health.Agents[2].SignedIn);
        Assert.DoesNotContain("s3cr3t", string.Join('\n', health.Checks), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(".local/bin"), InlineData(".npm-global/bin"), InlineData(".nvm/versions/node/v22.1.0/bin"), InlineData(".opencode/bin")]
    public async Task Usual_folders_are_looked_into_where_no_path_has_them(string folder)
    {
        await using var bench = new HealthBench("dash");
        // As npm makes them: a script for an interpreter that lies beside it.
        bench.StandIn("node", "[ -f \"$1\" ] && echo 3.2.1", Path.Combine(bench.Home, folder));
        var script = Path.Combine(bench.Home, folder, "opencode");
        await File.WriteAllTextAsync(script, "#!/usr/bin/env node\n", HealthBench.Cancel);
        File.SetUnixFileMode(script, (UnixFileMode)0b111_101_101);
        bench.Path = "/usr/bin:/bin";
        var found = Assert.Single((await bench.CheckAsync("opencode")).Agents);
        Assert.Equal((script, "3.2.1", true), (found.Path, found.Version, found.NeedsLoginShell));
    }

    [Fact]
    public async Task Program_that_breaks_fails_with_its_code()
    {
        await using var bench = new HealthBench("dash");
        bench.StandIn("gemini", "echo no node here; exit 7");
        var check = (await bench.CheckAsync("gemini"))["gemini"]!;
        Assert.Equal((CheckStatus.Fail, $"{bench.Bin}/gemini ended with code 7 and said no version: no node here"), (check.Status, check.Detail));
    }

    [Fact]
    public async Task Users_own_file_adds_an_agent_and_replaces_a_known_one()
    {
        await using var bench = new HealthBench("dash");
        var folder = bench.Home + "/agents";
        Directory.CreateDirectory(folder);
        await File.WriteAllTextAsync(folder + "/mine.json", """
            {"agents": [
              {"name": "aider", "version": ["version", "--short one"], "signedIn": {"files": ["~/.aider/keys.yml"], "variables": ["AIDER_KEY"]}, "later": true},
              {"name": "claude", "program": "my-claude"}]}
            """, HealthBench.Cancel);
        bench.StandIn("aider", "[ \"$1|$2\" = 'version|--short one' ] && echo aider 0.50.1");
        bench.StandIn("my-claude", "echo 7.0");
        bench.Set("AIDER_KEY", "x");
        var health = await bench.CheckAsync(new HostCheckOptions { Checks = ["aider", "claude"] }, AgentProfiles.Read(folder));
        Assert.Equal(["claude", "aider"], health.Agents.Select(a => a.Name));
        Assert.Equal(("0.50.1", "AIDER_KEY"), (health.Agents[1].Version, health.Agents[1].Proof));
        Assert.Equal(bench.Bin + "/my-claude", health.Agents[0].Path);
    }

    [Theory]
    [InlineData("{"), InlineData("[]"), InlineData("{\"agents\": 7}"), InlineData("{\"agents\": [7]}"), InlineData("{\"agents\": [{}]}")]
    [InlineData("{\"agents\": [{\"name\": \"a; touch x\"}]}"), InlineData("{\"agents\": [{\"name\": \"disk\"}]}"), InlineData("{\"agents\": [{\"name\": \"a\", \"program\": \"$(id)\"}]}")]
    [InlineData("{\"agents\": [{\"name\": \"a\", \"signedIn\": {\"files\": [\"/etc/x\"]}}]}"), InlineData("{\"agents\": [{\"name\": \"a\", \"signedIn\": {\"variables\": [\"A B\"]}}]}")]
    [InlineData("{\"agents\": [{\"name\": \"a\", \"signedIn\": {\"variables\": [\"RD_NONCE\"]}}]}"), InlineData("{\"agents\": [{\"name\": \"a\", \"signedIn\": {\"files\": [\"$RD_ROOT/x\"]}}]}")]
    public void File_that_cannot_be_used_is_an_error_that_names_it(string content)
    {
        var folder = Directory.CreateTempSubdirectory("rd-agents-");
        try
        {
            File.WriteAllText(folder.FullName + "/bad.json", content);
            var refusal = Refusal.Of(FailureReason.DamagedFile, () => AgentProfiles.Read(folder.FullName));
            Assert.Contains("bad.json", refusal.Message, StringComparison.Ordinal);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public void Names_that_no_agent_may_have_are_those_of_all_other_checks() =>
        Assert.Equal(CheckCatalog.With([]).Select(c => c.Name).Prepend("auto"), AgentProfiles.Taken);

    [Theory, MemberData(nameof(Shells.All), MemberType = typeof(Shells))]
    public async Task Hostile_arguments_and_paths_of_a_file_never_run(string shell)
    {
        await using var bench = new HealthBench(shell);
        bench.StandIn("a", "printf '1.0 %s' \"$1\"");
        const string Evil = "'; touch $HOME/CANARY; $(touch $HOME/CANARY) `touch $HOME/CANARY`";
        var agent = new AgentProfile
        {
            Name = "a", Program = "a", VersionArguments = [Evil], SignInFiles = ["~/" + Evil, "$HOME/" + Evil], SignInVariables = ["HOME"], Keychains = [Evil],
        };
        var health = await bench.CheckAsync(new HostCheckOptions { Checks = ["a"] }, [agent]);
        Assert.Equal(("1.0", "HOME"), (health.Agents[0].Version, health.Agents[0].Proof));
        Assert.False(File.Exists(bench.Home + "/CANARY"));
    }
}
