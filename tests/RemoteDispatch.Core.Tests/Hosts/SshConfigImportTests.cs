using System.Text;
using RemoteDispatch.Hosts;

namespace RemoteDispatch.Core.Tests.Hosts;

/// <summary>The aliases that are read from an ssh_config are those that OpenSSH itself knows: <c>ssh -G</c> is asked.</summary>
public sealed class SshConfigImportTests : IDisposable
{
    private readonly InventoryFolder _folder = new();
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("Host gpu1\n", "gpu1"), InlineData("Host gpu1 gpu2\tgpu3\n", "gpu1 gpu2 gpu3"), InlineData("  HOST gpu1\r\n  Port 2\r\n", "gpu1")]
    [InlineData("Host=gpu1", "gpu1"), InlineData("Host = gpu1 gpu2", "gpu1 gpu2"), InlineData("host\t=\tgpu1", "gpu1"), InlineData("Host\"gpu1\"\n", "")]
    [InlineData("Host \"gpu1\" 'gpu2'", "gpu1 gpu2"), InlineData("Host g\"pu\"1", "gpu1"), InlineData("Host gpu1 # the first", "gpu1"), InlineData("# Host gpu1\n#Host gpu2", "")]
    [InlineData("Host gpu* web? *\nHost gpu1", "gpu1"), InlineData("Host !gpu1 gpu2 *", "gpu2"), InlineData("Host gpu1 !gpu1", ""), InlineData("Host * !web1", "")]
    [InlineData("Host gpu1\nHost gpu1 gpu2\n", "gpu1 gpu2"), InlineData("Host 7 gpu1", "7 gpu1"), InlineData("Host 10.0.0.7 10.0.0.8", "10.0.0.7 10.0.0.8")]
    [InlineData("Match host gpu1\n  User x\nMatch all\nHost gpu2", "gpu2"), InlineData("", ""), InlineData("\uFEFF", ""), InlineData("User me\nPort 22\nProxyJump bastion\n", "")]
    public void Aliases_are_the_hosts_without_wildcards(string text, string aliases)
    {
        var import = HostImport.FromText(text, _folder.Path + "/config", HostFormat.SshConfig);
        Assert.Empty(import.Problems);
        Assert.Equal(aliases, string.Join(' ', import.Hosts));
        Assert.All(import.Hosts, h => Assert.Equal((h.Name, null, null, Transport.Ssh), (h.Address.Host, h.Address.User, h.Address.Port, h.Transport)));
    }

    [Theory, InlineData("Host h1 127.0.77.10\nHost 127.0.77.10\n", "h1", "127.0.77.10"), InlineData("Host fe80::1 h1 h2", "h1 h2", "fe80::1"), InlineData("Host 10.0.0.7 *", "10.0.0.7", null)]
    public void Address_of_a_line_that_has_a_name_is_left_out_and_told(string text, string aliases, string? left)
    {
        var import = HostImport.FromText(text, _folder.Path + "/config");
        Assert.Empty(import.Problems);
        Assert.Equal(aliases, string.Join(' ', import.Hosts));
        Assert.Equal(left is null ? [] : [$"'{_folder.Path}/config', line 1: {left} was left out: the line has the name 'h1' for it."], import.Remarks);
    }

    [Theory]
    [InlineData("User x\nHost _dmz", "line 2", "_dmz"), InlineData("Host \"two words\" ok", "line 1", "two words"), InlineData("Host a,b ok", "line 1", "a,b"), InlineData("Host me@gpu1 ok", "line 1", "me@gpu1")]
    [InlineData("Host \"open\nHost ok", "line 1", "quotation mark"), InlineData("\n\nHost $(id) ok", "line 3", "$(id)"), InlineData("Host local ok", "line 1", "this machine"), InlineData("Host gpu1 GPU1 ok", "line 1", "GPU1")]
    [InlineData("Host -oProxyCommand=id ok", "line 1", "-oProxyCommand=id"), InlineData("Host h\u202eost ok", "line 1", "\\u202e")]
    public void Alias_that_is_no_name_is_told_with_its_line_and_the_others_come_in(string text, string line, string says)
    {
        var import = HostImport.FromText(text, _folder.Path + "/config", HostFormat.SshConfig);
        var problem = Assert.Single(import.Problems);
        Assert.Equal(FailureReason.DamagedFile, problem.Reason);
        Assert.Contains($"/config', {line}: ", problem.Message, StringComparison.Ordinal);
        Assert.Contains(says, problem.Message, StringComparison.Ordinal);
        if (text.Contains("ok", StringComparison.Ordinal))
            Assert.Contains("ok", import.Hosts.Select(h => h.Name));
    }

    [Fact]
    public async Task Aliases_of_a_config_with_includes_are_those_that_ssh_knows()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "The paths are POSIX.");
        Write("conf.d/10-gpu", "Host gpu1\n  HostName gpu1.example.com\n  Port 1001\nHost gpu2\n  Port 1002\n  ProxyJump bastion\n");
        Write("conf.d/20-web.conf", "Include {0}/deep/*.conf\nHost=web1\n Port = 1003\n Include {0}/late\n");
        Write("conf.d/.hidden", "Host hidden1\n  Port 1004\n");
        Write("deep/x.conf", "Host deep1\n  Port 1005\n");
        Write("late", "Host late1 web1\n  Port 1013\n");
        Write("corp", "Host db1.corp lone1\n  Port 1006\nHost *\n  User nobody\n");
        Write("matched", "Host matched1\n  Port 1007\n");
        Write("everywhere", "Host all1\n  Port 1008\n");
        Write("q uoted", "Host quoted1\n  Port 1009\n");
        Write("set[ab]", "Host seta1\n Port 1010\n");
        Write("r1", "Host r1\n Port 1011\n");
        Write("r5", "Host r5\n Port 1012\n");
        var config = Write("config", """
            # the user's own
            Include {0}/conf.d/* {0}/nothing*
            Include "{0}/q uoted" {0}/r[1-3]
            Host *.corp
                Include {0}/corp
            Match host nobody-has-this
                Include {0}/matched
            Match all
                Include {0}/everywhere
            Host *
                Port 22
            """);

        var import = HostImport.FromFile(config);
        Assert.Empty(import.Problems);
        Assert.Contains("Match block", Assert.Single(import.Remarks), StringComparison.Ordinal);
        Assert.Equal(["gpu1", "gpu2", "deep1", "web1", "quoted1", "r1", "db1.corp", "all1"], import.Hosts.Select(h => h.Name));

        // What ssh makes of each: a port of its own tells that its block was found. The others are strangers to ssh, too.
        foreach (var alias in import.Hosts)
            Assert.StartsWith("10", await PortOfAsync(config, alias.Name), StringComparison.Ordinal);
        foreach (var stranger in new[] { "hidden1", "lone1", "late1", "matched1", "seta1", "r5" })
            Assert.Equal("22", await PortOfAsync(config, stranger));
    }

    [Fact]
    public void Include_by_a_relative_path_is_looked_for_beside_the_config_and_below_the_home_by_a_tilde()
    {
        Write("work/gpus", "Include more\nHost gpu1\n");
        Write("more", "Host gpu2\n");
        var import = HostImport.FromFile(Write("config", "Include work/gpus\nInclude ~nobody/config\nInclude ~/rd-there-is-no-such-file-*\nInclude %d/x\n"));
        Assert.Empty(import.Problems);
        Assert.Equal(["gpu2", "gpu1"], import.Hosts.Select(h => h.Name));
        Assert.Equal(2, import.Remarks.Count);
    }

    [Fact]
    public async Task Include_of_itself_ends_and_is_told_and_ssh_refuses_it()
    {
        var config = Write("config", "Include {0}/other\nHost a\n");
        Write("other", "Include {0}/config\nHost b\nHost *\n Include {0}/other\n");
        var import = HostImport.FromFile(config);
        Assert.Equal(["b", "a"], import.Hosts.Select(h => h.Name));
        Assert.All(import.Problems, p => Assert.Contains("includes itself", p.Message, StringComparison.Ordinal));
        Assert.Equal(2, import.Problems.Count);
        Assert.NotEqual(0, (await ProcessRun.OfAsync(["ssh", "-G", "-F", config, "a"], Cancel)).ExitCode);
    }

    [Fact]
    public async Task Includes_go_as_deep_as_ssh_follows_them()
    {
        for (var depth = 1; depth <= 17; depth++)
            Write($"f{depth}", $"Include {{0}}/f{depth + 1}\nHost d{depth}\n  Port 10{depth:00}\n");
        var sixteen = Write("sixteen", "Include {0}/f2\n");
        Assert.Empty(HostImport.FromFile(sixteen).Problems);
        Assert.Equal("1017", await PortOfAsync(sixteen, "d17"));

        var seventeen = Write("seventeen", "Include {0}/f1\n");
        Assert.Contains("deeper than 16", Assert.Single(HostImport.FromFile(seventeen).Problems).Message, StringComparison.Ordinal);
        Assert.NotEqual(0, (await ProcessRun.OfAsync(["ssh", "-G", "-F", seventeen, "d1"], Cancel)).ExitCode);
    }

    [Fact]
    public async Task Config_in_another_encoding_is_read_and_one_that_is_missing_is_named()
    {
        await File.WriteAllTextAsync(_folder.Path + "/latin", "# büro\nHost gpu1\n", Encoding.Latin1, Cancel);
        Assert.Equal(["gpu1"], HostImport.FromFile(_folder.Path + "/latin").Hosts.Select(h => h.Name));
        Assert.Contains("none'", Refusal.Of(FailureReason.LocalFile, () => HostImport.FromFile(_folder.Path + "/none")).Message, StringComparison.Ordinal);
    }

    private string Write(string name, string text)
    {
        var path = _folder.Path + "/" + name;
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text.Replace("{0}", _folder.Path, StringComparison.Ordinal));
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        return path;
    }

    private static async Task<string> PortOfAsync(string config, string alias)
    {
        var (code, output, error) = await ProcessRun.OfAsync(["ssh", "-G", "-F", config, alias], Cancel);
        Assert.True(code == 0, error);
        return Encoding.UTF8.GetString(output).Split('\n').First(l => l.StartsWith("port ", StringComparison.Ordinal))["port ".Length..];
    }
}
