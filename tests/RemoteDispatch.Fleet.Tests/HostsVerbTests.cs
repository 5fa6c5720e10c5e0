using System.Runtime.CompilerServices;
using System.Text.Json;
using RemoteDispatch.Cli;

namespace RemoteDispatch.Fleet.Tests;

/// <summary><c>rdispatch hosts</c>: lists, imports, exports and removes, by sets.</summary>
public sealed class HostsVerbTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("rd-hosts-test-");
    private readonly Rdispatch _program = new(null);

    public void Dispose()
    {
        _program.Dispose();
        _folder.Delete(recursive: true);
    }

    [Fact]
    public async Task Hosts_come_in_from_a_table_and_are_listed_and_removed_by_sets()
    {
        var file = Write("hosts.csv", "Name,Address,Capabilities\nweb1,web1.example.com,web\nweb2,web2.example.com,web\ngpu1,gpu1.example.com,gpu\n");
        Assert.Equal("web1\tweb1.example.com\tadded\nweb2\tweb2.example.com\tadded\ngpu1\tgpu1.example.com\tadded\n", (await _program.RunAsync("hosts", "import", file, "--capability", "new")).Output);
        Assert.Equal(["web2"], await NamesAsync("@web!web1"));
        Assert.Equal(["gpu1", "web1", "web2"], await NamesAsync("gpu1", "@new"));
        Assert.Equal(ExitCodes.Inventory, (await _program.RunAsync("hosts", "list", "mail*")).Code);
        Assert.Equal("web1\tweb1.example.com\tremoved\nweb2\tweb2.example.com\tremoved\n", (await _program.RunAsync("hosts", "remove", "web[1-2]")).Output);
        Assert.Equal(ExitCodes.Inventory, (await _program.RunAsync("hosts", "remove", "gpu[1-2]")).Code);
        Assert.Equal(["local", "gpu1"], await NamesAsync());
    }

    [Fact]
    public async Task What_is_there_stays_unless_it_is_forced_and_verbose_says_so()
    {
        Assert.Equal(0, (await _program.RunAsync("hosts", "add", "gpu1", "mine")).Code);
        var file = Write("config", "Host gpu1 gpu2\n");
        var import = await _program.RunAsync("hosts", "import", file, "--verbose", "--json");
        Assert.Equal(["gpu2"], JsonDocument.Parse(import.Output).RootElement.EnumerateArray().Select(h => h.GetProperty("name").GetString()));
        Assert.Contains("'gpu1' already", import.Errors, StringComparison.Ordinal);
        Assert.Equal("gpu1\tgpu1\treplaced\ngpu2\tgpu2\treplaced\n", (await _program.RunAsync("hosts", "import", file, "--force")).Output);
    }

    [Fact]
    public async Task Bad_entry_is_one_failure_with_its_line_and_the_others_come_in()
    {
        var import = await _program.RunAsync("hosts", "import", Write("hosts.csv", "Name,Address,Rack\nok,x,1\n-bad,y,2\n"), "--json");
        Assert.Equal(ExitCodes.LocalFile, import.Code);
        Assert.Contains("hosts.csv', line 3", import.Errors, StringComparison.Ordinal);
        Assert.Contains("'Rack'", import.Errors, StringComparison.Ordinal);
        using var json = JsonDocument.Parse(import.Output);
        Assert.Equal("ok", json.RootElement[0].GetProperty("name").GetString());
        Assert.Equal("DamagedFile", json.RootElement[1].GetProperty("error").GetProperty("reason").GetString());
    }

    [Fact]
    public async Task Entry_that_cannot_be_used_hides_no_other_and_is_removed_by_its_name()
    {
        await File.WriteAllTextAsync(_program.HostsFile, """{"hosts": {"h1": {"address": "h1", "port": "abc"}, "ok": {"address": "h2"}}}""", Bench.Cancel);
        var list = await _program.RunAsync("hosts", "list");
        Assert.Equal(ExitCodes.LocalFile, list.Code);
        Assert.Matches("(?m)^local .*\n^ok ", list.Output);
        Assert.Contains("rdispatch hosts remove h1", list.Errors, StringComparison.Ordinal);
        var json = await _program.RunAsync("hosts", "list", "--json", "*");
        Assert.Equal(ExitCodes.LocalFile, json.Code);
        using var hosts = JsonDocument.Parse(json.Output);
        Assert.Equal("ok", hosts.RootElement[0].GetProperty("name").GetString());
        Assert.Equal("h1", hosts.RootElement[1].GetProperty("error").GetProperty("host").GetString());
        Assert.Equal((0, "h1\t\tremoved\n"), Brief(await _program.RunAsync("hosts", "remove", "h1")));
        Assert.Equal(["local", "ok"], await NamesAsync());
    }

    [Fact]
    public async Task File_of_no_known_form_fails_and_one_without_hosts_warns()
    {
        var unknown = await _program.RunAsync("hosts", "import", Write("b.csv", "Hostname,IP\nc9,10.0.0.1\n"));
        Assert.Equal(ExitCodes.LocalFile, unknown.Code);
        Assert.Contains("b.csv' has no form that is known", unknown.Errors, StringComparison.Ordinal);
        var without = Write("none.csv", "Name,Address\n");
        Assert.Equal((0, "", $"rdispatch: warning: '{without}' has no hosts.\n"), await _program.RunAsync("hosts", "import", without));
    }

    [Fact]
    public async Task Users_own_ssh_config_and_tailnet_are_asked_for_by_name()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "The stand-in is a POSIX shell script.");
        Assert.Equal(ExitCodes.LocalFile, (await _program.RunAsync("hosts", "import", "--from-ssh-config")).Code);
        var home = Path.GetDirectoryName(_program.HostsFile)!;
        Directory.CreateDirectory(home + "/.ssh/conf.d");
        await File.WriteAllTextAsync(home + "/.ssh/config", "Include conf.d/*\nHost bastion\nHost *\n", Bench.Cancel);
        await File.WriteAllTextAsync(home + "/.ssh/conf.d/gpu", "Host gpu1 gpu2\n  ProxyJump bastion\n", Bench.Cancel);
        Assert.Equal("gpu1\tgpu1\tadded\ngpu2\tgpu2\tadded\nbastion\tbastion\tadded\n", (await _program.RunAsync("hosts", "import", "--from-ssh-config")).Output);

        using var elsewhere = new Rdispatch(null, ["env", $"PATH={StandIn()}:{Environment.GetEnvironmentVariable("PATH")}"]);
        Assert.Equal("gpu1\tgpu1.tail1.ts.net\tadded\n", (await elsewhere.RunAsync("hosts", "import", "--from-tailscale")).Output);
        using var list = JsonDocument.Parse((await elsewhere.RunAsync("hosts", "list", "--json", "gpu1")).Output);
        Assert.Equal(["os=linux", "gpu"], list.RootElement[0].GetProperty("capabilities").EnumerateArray().Select(c => c.GetString()));
    }

    [Fact]
    public async Task Tailscale_that_is_missing_or_does_not_answer_is_a_failure_that_says_so()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "The stand-in is a POSIX shell script.");
        using var without = new Rdispatch(null, ["env", $"PATH={WithDotnetAlone()}"]);
        Assert.Equal(ExitCodes.Connect, (await without.RunAsync("hosts", "import", "--from-tailscale")).Code);

        var broken = _folder.CreateSubdirectory("broken").FullName;
        WriteProgram(broken + "/tailscale", "#!/bin/sh\necho 'failed to connect to local tailscaled' >&2\nexit 1\n");
        using var down = new Rdispatch(null, ["env", $"PATH={broken}:{Environment.GetEnvironmentVariable("PATH")}"]);
        var import = await down.RunAsync("hosts", "import", "--from-tailscale");
        Assert.Equal(ExitCodes.Other, import.Code);
        Assert.Contains("failed to connect to local tailscaled", import.Errors, StringComparison.Ordinal);
    }

    [Theory, InlineData("json"), InlineData("csv"), InlineData("ssh-config")]
    public async Task What_goes_out_to_stdout_comes_in_by_stdin_and_goes_out_the_same(string format)
    {
        Write("hosts.csv", "Name,Address,User,Port,Capabilities\nweb1,web1.example.com,me,2222,web;os=linux\ngpu1,gpu1.example.com,,,gpu\n");
        Assert.Equal(0, (await _program.RunAsync("hosts", "import", _folder.FullName + "/hosts.csv")).Code);
        var sent = await _program.RunAsync("hosts", "export", "--format", format);
        Assert.Equal((0, ""), (sent.Code, sent.Errors));
        using var other = new Rdispatch(null);
        using (var import = other.Start("hosts", "import", "-"))
        {
            await import.StandardInput.WriteAsync(sent.Output);
            import.StandardInput.Close();
            await import.WaitForExitAsync(Bench.Cancel);
            Assert.Equal(0, import.ExitCode);
        }

        // An ssh_config's aliases are addresses of their own.
        var again = (await other.RunAsync("hosts", "export", "--format", format)).Output;
        Assert.Equal(format == "ssh-config" ? "Host web1\n\nHost gpu1\n" : sent.Output, again);
    }

    [Fact]
    public async Task File_goes_out_in_the_form_that_its_name_asks_for_and_over_another_by_force_alone()
    {
        Assert.Equal(0, (await _program.RunAsync("hosts", "add", "gpu1", "me@gpu1.example.com", "--capability", "gpu")).Code);
        Assert.Equal(0, (await _program.RunAsync("hosts", "add", "web1", "web1.example.com")).Code);
        var file = _folder.FullName + "/out.csv";
        Assert.Equal((0, "", $"1 host written to '{file}' (Csv).\n"), await _program.RunAsync("hosts", "export", file, "--host", "@gpu"));
        Assert.Equal("gpu1,gpu1.example.com,me,,Ssh,none,gpu,,,,,,,,,", (await File.ReadAllLinesAsync(file, Bench.Cancel))[1]);
        Assert.Equal(ExitCodes.LocalFile, (await _program.RunAsync("hosts", "export", file)).Code);
        Assert.Equal(2, (await File.ReadAllLinesAsync(file, Bench.Cancel)).Length);
        Assert.Equal((0, "", $"2 hosts written to '{file}' (Csv).\n"), await _program.RunAsync("hosts", "export", file, "--force"));
        Assert.Equal(ExitCodes.LocalFile, (await _program.RunAsync("hosts", "export", _folder.FullName + "/nope/out.csv")).Code);
        Assert.False(Directory.Exists(_folder.FullName + "/nope"));
        Assert.Equal(3, (await File.ReadAllLinesAsync(file, Bench.Cancel)).Length);
    }

    [Fact]
    public async Task Form_that_is_only_read_is_refused() =>
        Assert.Equal(ExitCodes.Usage, (await _program.RunAsync("hosts", "export", "--format", "tailscale")).Code);

    [Theory]
    [InlineData("hosts", "import"), InlineData("hosts", "import", "a", "--from-ssh-config"), InlineData("hosts", "import", "--from-tailscale", "--from-ssh-config")]
    [InlineData("hosts", "import", "a", "--format", "xml"), InlineData("hosts", "list", "web[")]
    public async Task Wrong_command_line_is_told(params string[] arguments)
    {
        var run = await _program.RunAsync(arguments);
        Assert.Equal((ExitCodes.Usage, ""), (run.Code, run.Output));
        Assert.NotEqual("", run.Errors);
    }

    private static (int Code, string Output) Brief((int Code, string Output, string Errors) run) => (run.Code, run.Output);

    private async Task<string[]> NamesAsync(params string[] sets)
    {
        using var list = JsonDocument.Parse((await _program.RunAsync(["hosts", "list", "--json", .. sets])).Output);
        return [.. list.RootElement.EnumerateArray().Select(h => h.GetProperty("name").GetString()!)];
    }

    private string Write(string name, string text)
    {
        var path = Path.Combine(_folder.FullName, name);
        File.WriteAllText(path, text);
        return path;
    }

    private string StandIn([CallerFilePath] string here = "")
    {
        var folder = _folder.CreateSubdirectory("bin").FullName;
        var script = Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "../RemoteDispatch.Core.Tests/Connections/tailscale-stand-in.sh"));
        WriteProgram(folder + "/tailscale", $"#!/bin/sh\nexec sh '{script}' \"$@\"\n");
        return folder;
    }

    /// <summary>A PATH on which dotnet is, and nothing else.</summary>
    private string WithDotnetAlone()
    {
        var folder = _folder.CreateSubdirectory("alone").FullName;
        var dotnet = Environment.GetEnvironmentVariable("PATH")!.Split(':').Select(p => Path.Combine(p, "dotnet")).First(File.Exists);
        File.CreateSymbolicLink(folder + "/dotnet", dotnet);
        return folder;
    }

    private static void WriteProgram(string path, string text)
    {
        File.WriteAllText(path, text);
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }
}
