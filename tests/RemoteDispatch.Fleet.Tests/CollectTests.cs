using System.Globalization;
using System.Security.Cryptography;
using RemoteDispatch.Hosts;
using RemoteDispatch.Tasks;

namespace RemoteDispatch.Fleet.Tests;

/// <summary>Logs are copied from real hosts: what is new of them, in as few bytes as it takes, and whole whatever happens on the way.</summary>
public sealed class CollectTests
{
    private const string Text = "i=0; while [ $i -lt 40000 ]; do echo \"step $i of the build: compiling a file of the project, and it went well\"; i=$((i+1)); done";

    [Fact]
    public async Task Log_of_text_costs_a_fraction_of_its_bytes_on_the_wire_and_a_random_one_is_not_compressed()
    {
        await using var network = ProxiedFleet.Before(await OwnFleet.StartAsync(1));
        await using var bench = Bench.Through(network);
        var host = DispatchHost.FromAddress(network.Fleet.Hosts[0].Name);

        var (text, _, wire) = await CollectAsync(bench, network, await bench.RunAsync(host, Text));
        Assert.True(text.Length > 2_000_000 && wire < text.Length / 4, $"{wire} bytes on the wire for {text.Length}");

        var (random, carried, wireOfRandom) = await CollectAsync(bench, network, await bench.RunAsync(host, "head -c 3000000 /dev/urandom"));
        Assert.Equal(random.Length, carried);
        Assert.InRange(wireOfRandom, random.Length, random.Length * 1.1);

        // Text that becomes noise, and text again: it is looked at on the way.
        var (mixed, carriedOfMixed, _) = await CollectAsync(bench, network, await bench.RunAsync(host, $"{Text}; head -c 12000000 /dev/urandom; {Text}"));
        Assert.InRange(carriedOfMixed, 12_000_000, mixed.Length - 2_000_000);
    }

    [Fact]
    public async Task Growing_log_that_is_collected_ten_times_is_fetched_once_and_right_each_time()
    {
        await using var fleet = await OwnFleet.StartAsync(1);
        await using var bench = new Bench(fleet);
        var home = fleet.Hosts[0].HomeOnDisk;
        var task = await bench.Dispatcher.DispatchAsync(
            Bench.HostOf(fleet.Hosts[0]),
            new TaskRequest { Command = "for i in 1 2 3 4 5 6 7 8 9 10; do until [ -e go-$i ]; do sleep 0.02; done; head -c 100000 /dev/urandom; touch done-$i; done" },
            Bench.Cancel);
        for (var turn = 1; turn <= 10; turn++)
        {
            await File.WriteAllTextAsync($"{home}/go-{turn}", "", Bench.Cancel);
            while (!File.Exists($"{home}/done-{turn}"))
                await Task.Delay(10, Bench.Cancel);
            task = await bench.Dispatcher.CollectLogAsync(task, cancellationToken: Bench.Cancel);
            Assert.Equal(Hash($"{home}/.remote-dispatch/tasks/{task.Id}/log"), Hash(task.LogPath!));
        }

        Assert.Equal(1_000_000, bench.Steps.Where(s => s.Name == "log_collected").Sum(s => Number(s, "fetched")));
    }

    [Fact]
    public async Task Connection_that_goes_away_in_the_middle_leaves_the_old_copy_and_the_next_time_brings_the_rest()
    {
        await using var network = ProxiedFleet.Before(await OwnFleet.StartAsync(1));
        await using var bench = Bench.Through(network, o => o with { RequestTimeout = TimeSpan.FromSeconds(2), ConnectTimeout = TimeSpan.FromSeconds(2) });
        var (server, proxy) = (network.Fleet.Hosts[0], network.Proxies[0]);
        var task = await bench.Dispatcher.DispatchAsync(
            DispatchHost.FromAddress(server.Name),
            new TaskRequest { Command = "head -c 500000 /dev/urandom; touch half; until [ -e go ]; do sleep 0.05; done; head -c 9000000 /dev/urandom" }, Bench.Cancel);
        while (!File.Exists(server.HomeOnDisk + "/half"))
            await Task.Delay(10, Bench.Cancel);
        var half = await bench.Dispatcher.CollectLogAsync(task, cancellationToken: Bench.Cancel);
        var before = Hash(half.LogPath!);
        await File.WriteAllTextAsync(server.HomeOnDisk + "/go", "", Bench.Cancel);
        task = await bench.Dispatcher.WaitAsync(task, null, Bench.Cancel);

        var silence = SilenceAsync();
        var told = await bench.Dispatcher.CollectEndedLogAsync(task, Bench.Cancel);
        await silence;
        Assert.Equal(TaskState.Succeeded, told.State);
        Assert.Single(bench.Steps, s => s.Name == "log_not_collected");
        Assert.Equal(before, Hash(half.LogPath!));
        Assert.Equal([half.LogPath!, half.LogPath + ".proof"], Directory.GetFiles(Path.GetDirectoryName(half.LogPath!)!).Order());

        proxy.Heal();
        task = await bench.Dispatcher.CollectEndedLogAsync(task, Bench.Cancel);
        Assert.Equal(half.LogPath, task.LogPath);
        Assert.Equal(Hash($"{server.HomeOnDisk}/.remote-dispatch/tasks/{task.Id}/log"), Hash(task.LogPath!));
        Assert.Equal(9_000_000, Number(bench.Steps.Last(s => s.Name == "log_collected"), "fetched"));

        async Task SilenceAsync()
        {
            await proxy.CutAfterAsync(1_500_000);
            proxy.BlackHole();
        }
    }

    [Fact]
    public async Task Log_that_is_here_already_costs_no_request_and_is_asked_for_before_a_clean_up()
    {
        using var counter = new RequestCounter();
        await using var fleet = await OwnFleet.StartAsync(1, _ => new FleetHostOptions { LoginScript = counter.LoginScript });
        await using var bench = new Bench(fleet);
        var task = await bench.RunAsync(Bench.HostOf(fleet.Hosts[0]), "echo out");
        task = await bench.Dispatcher.CollectEndedLogAsync(task, Bench.Cancel);
        var (requests, connections) = (counter.Requests, fleet.Hosts[0].CountConnections());
        task = await bench.Dispatcher.CollectEndedLogAsync(task, Bench.Cancel);
        task = await bench.Dispatcher.CollectLogAsync(task, null, Bench.Cancel);
        Assert.Equal((requests, connections), (counter.Requests, fleet.Hosts[0].CountConnections()));

        // What an ended task has left running may still print.
        await File.AppendAllTextAsync($"{fleet.Hosts[0].HomeOnDisk}/.remote-dispatch/tasks/{task.Id}/log", "late\n", Bench.Cancel);
        var removed = await bench.Dispatcher.RemoveAsync(task, null, Bench.Cancel);
        Assert.Equal("out\nlate\n", await File.ReadAllTextAsync(removed.LogPath!, Bench.Cancel));
    }

    [Fact]
    public async Task Program_collects_what_it_waits_for_or_follows_and_ends_as_it_would_have_where_it_cannot()
    {
        await using var fleet = await OwnFleet.StartAsync(1);
        using var program = new Rdispatch(fleet.SshConfigPath);
        foreach (var id in (string[])["w1", "w2", "f1"])
            Assert.Equal(0, (await program.RunAsync("run", "--host", "h1", "--id", id, "--", "echo here; exit 4")).Code);
        Assert.Equal(4, (await program.RunAsync("wait", "w1")).Code);
        Assert.Equal(4, (await program.RunAsync("wait", "w2", "--no-collect")).Code);
        Assert.Equal((4, "here\n"), await program.RunAsync("logs", "-f", "f1") is var followed ? (followed.Code, followed.Output) : default);
        var logs = Directory.GetFiles(program.Folder + "/logs/h1", "*.log").Order().ToArray();
        Assert.Equal(["f1", "w1"], logs.Select(l => Path.GetFileName(l).Split('.')[0]));
        Assert.Equal("here\n", await File.ReadAllTextAsync(logs[0], Bench.Cancel));
        Assert.Contains(logs[1], (await program.RunAsync("status", "w1", "--json")).Output, StringComparison.Ordinal);

        var saved = await program.RunAsync("save", "w2", "--output", program.Folder + "/w2.log");
        Assert.Equal((0, $"w2\th1\t{program.Folder}/w2.log\n"), (saved.Code, saved.Output));
        var refused = await program.RunAsync("save", "w1", "--output", program.Folder + "/w2.log");
        Assert.NotEqual(0, refused.Code);
        Assert.Contains("--force", refused.Errors, StringComparison.Ordinal);

        Directory.Delete(program.Folder + "/logs", recursive: true);
        await File.WriteAllTextAsync(program.Folder + "/logs", "", Bench.Cancel);
        var waited = await program.RunAsync("wait", "w2");
        Assert.Equal(4, waited.Code);
        Assert.DoesNotContain("not collected", waited.Errors, StringComparison.Ordinal);
        var unwritable = await program.RunAsync("run", "--wait", "--host", "h1", "--", "exit 5");
        Assert.Equal(5, unwritable.Code);
        Assert.Contains("was not collected", unwritable.Errors, StringComparison.Ordinal);
    }

    private static async Task<(FileInfo Log, long Carried, long Wire)> CollectAsync(Bench bench, ProxiedFleet network, RemoteTask task)
    {
        var before = network.Proxies[0].Carried;
        task = await bench.Dispatcher.CollectLogAsync(task, cancellationToken: Bench.Cancel);
        Assert.Equal(Hash($"{network.Fleet.Hosts[0].HomeOnDisk}/.remote-dispatch/tasks/{task.Id}/log"), Hash(task.LogPath!));
        return (new FileInfo(task.LogPath!), Number(bench.Steps.Last(s => s.Name == "log_collected"), "carried"), network.Proxies[0].Carried - before);
    }

    private static long Number(WorkStep step, string name) =>
        long.Parse(step.Detail.Split(' ').Single(w => w.StartsWith(name + '=', StringComparison.Ordinal))[(name.Length + 1)..], CultureInfo.InvariantCulture);

    private static string Hash(string path) => Convert.ToHexString(SHA256.HashData(File.ReadAllBytes(path)));
}
