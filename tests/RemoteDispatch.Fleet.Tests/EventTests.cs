using System.Text.Json;
using RemoteDispatch.Credentials;
using RemoteDispatch.Tasks;

namespace RemoteDispatch.Fleet.Tests;

/// <summary>What a task reports comes back once each, and what is sent to it arrives once, over real connections and across their loss.</summary>
public sealed class EventTests(SharedFleet shared)
{
    [Fact]
    public async Task Events_come_to_another_process_as_they_are_reported_until_the_task_ends()
    {
        var server = shared.Fleet.Hosts[0];
        using var program = new Rdispatch(shared.Fleet.SshConfigPath);
        const string Command = "rd status in_progress; rd event tool=Bash summary='ls -l'; sh -c 'rd message \"é \\\"x\\\"\"'; rd inbox --wait 60; rd done 'all well'; exit 3";
        Assert.Equal(0, (await program.RunAsync("run", "--host", server.Name, "--id", "reports", "--login-shell", "--", Command)).Code);
        using var follower = program.Start("events", "-f", "reports", "--json");
        var lines = new List<JsonElement>();
        while (await follower.StandardOutput.ReadLineAsync(Bench.Cancel) is { } line)
        {
            lines.Add(JsonDocument.Parse(line).RootElement);
            // Followed: the third is there while the task waits for what is sent only now.
            if (lines.Count == 3)
                Assert.Equal(0, (await program.RunAsync("send", "reports", "go\non")).Code);
        }

        await follower.WaitForExitAsync(Bench.Cancel);
        Assert.Equal(0, follower.ExitCode);
        Assert.Equal(["in_progress", "Bash: ls -l", "é \"x\"", "all well"], lines.Select(l => l.GetProperty("text").GetString()));
        Assert.Equal(["Status", "Tool", "Message", "Done"], lines.Select(l => l.GetProperty("kind").GetString()));
        Assert.Equal("go\non\n", (await program.RunAsync("logs", "reports")).Output);
        // What it says of itself decides nothing: how it ended, its exit code says.
        Assert.Equal(3, (await program.RunAsync("wait", "reports")).Code);

        var next = lines[1].GetProperty("next").GetInt64();
        Assert.Equal(2, (await program.RunAsync("events", "reports", "--offset", $"{next}")).Output.Trim().Split('\n').Length);
        Assert.Contains("done\tall well\n", (await program.RunAsync("events", "reports", "--tail", "1")).Output, StringComparison.Ordinal);
        Assert.Contains("tool\tBash: ls -l\n", (await program.RunAsync("events", "reports", "--kind", "tool")).Output, StringComparison.Ordinal);
        var late = await program.RunAsync("send", "reports", "too late");
        Assert.Equal(223, late.Code);
        Assert.Contains("does not run (Failed)", late.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Followed_events_are_complete_and_once_across_lost_connections()
    {
        await using var fleet = await OwnFleet.StartAsync(1);
        var server = fleet.Hosts[0];
        await using var bench = new Bench(fleet, o => o with { RetryDelay = TimeSpan.FromMilliseconds(10) });
        var task = await bench.Dispatcher.DispatchAsync(
            Bench.HostOf(server), new TaskRequest { Command = "n=0; while [ $n -lt 300 ]; do n=$((n + 1)); rd message \"event $n\"; sleep 0.01; done" }, Bench.Cancel);
        var texts = new List<string>();
        await foreach (var chunk in bench.Dispatcher.ReadEventsAsync(task, new EventQuery { Follow = true }, Bench.Cancel))
        {
            var before = texts.Count;
            texts.AddRange(chunk.Events.Select(e => e.Text));
            task = chunk.Task;
            if (texts.Count / 60 > before / 60)
                await server.KillConnectionsAsync(Bench.Cancel);
        }

        Assert.Equal(Enumerable.Range(1, 300).Select(n => $"event {n}"), texts);
        Assert.Equal(TaskState.Succeeded, task.State);
        Assert.True(bench.Steps.Count(s => s.Name == "preflight_ok") > 2, "no connection was lost");
    }

    [Fact]
    public async Task Message_is_delivered_once_whenever_the_connection_is_cut_beneath_it()
    {
        await using var fleet = await OwnFleet.StartAsync(1);
        var server = fleet.Hosts[0];
        var host = Bench.HostOf(server);
        await using var bench = new Bench(fleet, o => o with { RetryDelay = TimeSpan.FromMilliseconds(10) });
        var task = await bench.Dispatcher.DispatchAsync(
            host, new TaskRequest { Command = "while m=$(rd inbox --wait 60) && [ \"$m\" != end ]; do echo \"$m\" | cut -c1-10; done" }, Bench.Cancel);
        for (var i = 0; i < 25; i++)
        {
            var name = $"m{i}";
            // Large, so that the cut can fall into the middle of the request.
            var text = $"message{i,3}" + new string('x', 60_000);
            var sending = bench.Dispatcher.SendMessageAsync(task, text, name, Bench.Cancel);
            await Task.WhenAny(sending, Task.Delay(i * 2, Bench.Cancel));
            await server.KillConnectionsAsync(Bench.Cancel);
            for (var sent = false; !sent;)
            {
                try
                {
                    await sending;
                    sent = true;
                }
                catch (DispatchException e) when (e.Reason is FailureReason.ConnectionLost or FailureReason.ConnectFailed)
                {
                    sending = bench.Dispatcher.SendMessageAsync(task, text, name, Bench.Cancel);
                }
            }
        }

        await bench.Dispatcher.SendMessageAsync(task, "end", cancellationToken: Bench.Cancel);
        task = await bench.Dispatcher.WaitAsync(task, TimeSpan.FromSeconds(60), Bench.Cancel);
        Assert.Equal(TaskState.Succeeded, task.State);
        Assert.Equal(string.Concat(Enumerable.Range(0, 25).Select(i => $"message{i,3}\n")), await bench.TextOf(task));
        Assert.Contains(bench.Steps, s => s.Name == "reconnect");
    }

    [Fact]
    public async Task Values_of_credentials_are_masked_in_events()
    {
        await using var bench = new Bench(shared.Fleet);
        var request = new TaskRequest { Command = "rd message \"it is $TOKEN\"; rd event tool=curl summary=\"$TOKEN\"", Credentials = [CredentialGrant.Create("TOKEN", "quote\"back\\slash-é")] };
        var task = await bench.Dispatcher.DispatchAsync(Bench.HostOf(shared.Fleet.Hosts[0]), request, Bench.Cancel);
        task = await bench.Dispatcher.WaitAsync(task, TimeSpan.FromSeconds(60), Bench.Cancel);
        Assert.Equal(["it is *******************", "curl: *******************"], await TextsAsync(new EventQuery()));
        Assert.Equal(["it is quote\"back\\slash-é", "curl: quote\"back\\slash-é"], await TextsAsync(new EventQuery { NoRedaction = true }));

        async Task<string[]> TextsAsync(EventQuery query)
        {
            var texts = new List<string>();
            await foreach (var chunk in bench.Dispatcher.ReadEventsAsync(task, query, Bench.Cancel))
                texts.AddRange(chunk.Events.Select(e => e.Text));
            return [.. texts];
        }
    }

    [Fact]
    public async Task Settings_for_claude_are_there_when_asked_and_only_then()
    {
        await using var bench = new Bench(shared.Fleet);
        var host = Bench.HostOf(shared.Fleet.Hosts[0]);
        const string Command = "echo \"${REMOTE_DISPATCH_CLAUDE_SETTINGS-none}\"; cat \"$REMOTE_DISPATCH_CLAUDE_SETTINGS\" 2>/dev/null; ls ~/.claude/settings.json 2>/dev/null";
        Assert.Equal("none\n", await RunAsync(new TaskRequest { Command = Command }));
        var text = await RunAsync(new TaskRequest { Command = Command, ReportToolUse = true });
        Assert.EndsWith("/claude-settings.json", text.Split('\n')[0], StringComparison.Ordinal);
        var hooks = JsonDocument.Parse(text[text.IndexOf('\n', StringComparison.Ordinal)..]).RootElement.GetProperty("hooks");
        Assert.Equal(["PreToolUse", "Notification", "Stop"], hooks.EnumerateObject().Select(h => h.Name));

        async Task<string> RunAsync(TaskRequest request)
        {
            var task = await bench.Dispatcher.DispatchAsync(host, request, Bench.Cancel);
            return await bench.TextOf(await bench.Dispatcher.WaitAsync(task, TimeSpan.FromSeconds(60), Bench.Cancel));
        }
    }
}
