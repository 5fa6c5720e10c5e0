using System.Text;
using RemoteDispatch.Workspaces;

namespace RemoteDispatch.Core.Tests.Workspaces;

/// <summary>A message reaches a running task once, whoever sends and reads beside it, under every shell.</summary>
public sealed class InboxTests : IDisposable
{
    private readonly TestFolder _folder = new();
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Theory, MemberData(nameof(Shells.All), MemberType = typeof(Shells))]
    public async Task Messages_are_read_once_each_oldest_first_and_byte_for_byte(string shell)
    {
        await using var client = Shells.Client(shell);
        await StartAsync(client, "sleep 600");
        var hostile = "'\"`$(exit 9)${HOME}\\\r\n\t!*?[]{}~#&|;<> é 漢字 🎉 \u0001\u001e)0";
        foreach (var (name, text) in new[] { ("one", "first"), ("two", hostile), ("three", "-n ends with a line end\n"), ("four", "last") })
            Assert.Null(await client.SendMessageAsync(_folder.Host, "t", name, text, Cancel));
        Assert.Equal("first\n", await ReadAsync(shell));
        Assert.Equal(hostile + "\n", await ReadAsync(shell));
        Assert.Equal("-n ends with a line end\nlast\n", await ReadAsync(shell, "--all"));
        Assert.Null(await ReadAsync(shell));
        // Sent again after it was read: once is once.
        Assert.Null(await client.SendMessageAsync(_folder.Host, "t", "one", "first", Cancel));
        Assert.Null(await ReadAsync(shell));
        Assert.Null(await client.SendMessageAsync(_folder.Host, "t", "five", "again", Cancel));
        Assert.Equal("again\n", await ReadAsync(shell, "--wait", "0"));
        await EndAsync(client);
    }

    [Theory, MemberData(nameof(Shells.All), MemberType = typeof(Shells))]
    public async Task Ten_readers_at_once_read_each_message_once(string shell)
    {
        await using var client = Shells.Client(shell);
        await StartAsync(client, "sleep 600");
        var sent = Enumerable.Range(0, 40).Select(n => $"message{n}").ToArray();
        var sending = Task.Run(
            async () =>
            {
                foreach (var text in sent)
                    await client.SendMessageAsync(_folder.Host, "t", text, text, Cancel);
                // The same again, as after lost connections.
                foreach (var text in sent)
                    await client.SendMessageAsync(_folder.Host, "t", text, text, Cancel);
            },
            Cancel);
        var line = ReadLine(shell, []);
        var script = "n=0; while [ $n -lt 400 ]; do n=$((n + 1)); " + string.Join(' ', line.Select(w => $"'{w}'")) + " || sleep 0.02; [ ! -e \"$0\" ] || exit 0; done";
        var done = _folder.Path + "/done";
        var readers = Enumerable.Range(0, 10).Select(_ => ProcessRun.OfAsync(["/bin/sh", "-c", script, done], Cancel)).ToArray();
        await sending;
        while (Directory.GetFiles(_folder.Workspace("t") + "/inbox").Length > 0)
            await Task.Delay(20, Cancel);
        await File.WriteAllTextAsync(done, "", Cancel);
        var read = (await Task.WhenAll(readers)).SelectMany(r => Encoding.UTF8.GetString(r.Output).Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.Equal(sent.Order(StringComparer.Ordinal), read.Order(StringComparer.Ordinal));
        await EndAsync(client);
    }

    [Theory, MemberData(nameof(Shells.All), MemberType = typeof(Shells))]
    public async Task Many_senders_of_one_message_at_once_deliver_it_once(string shell)
    {
        await using var client = Shells.Client(shell);
        await StartAsync(client, "sleep 600");
        var senders = Enumerable.Range(0, 8).Select(_ => Shells.Client(shell)).ToArray();
        await Task.WhenAll(senders.Select(s => s.SendMessageAsync(_folder.Host, "t", "same", "text", Cancel)));
        Assert.Equal("text\n", await ReadAsync(shell));
        Assert.Null(await ReadAsync(shell));
        foreach (var sender in senders)
            await sender.DisposeAsync();
        await EndAsync(client);
    }

    [Theory, MemberData(nameof(Shells.All), MemberType = typeof(Shells))]
    public async Task Waiting_reader_gets_what_comes_and_is_ended_by_a_stop(string shell)
    {
        await using var client = Shells.Client(shell);
        await StartAsync(client, "rd status waiting; rd inbox --wait 600; rd inbox --wait 600");
        while (new FileInfo(_folder.Workspace("t") + "/events").Length == 0)
            await Task.Delay(5, Cancel);
        await client.SendMessageAsync(_folder.Host, "t", "one", "hello", Cancel);
        while (!(await File.ReadAllTextAsync(_folder.Workspace("t") + "/log", Cancel)).Contains("hello\n", StringComparison.Ordinal))
            await Task.Delay(5, Cancel);
        await EndAsync(client);
        Assert.Equal("hello\n", await File.ReadAllTextAsync(_folder.Workspace("t") + "/log", Cancel));
        // A sleep that was born while its shell was ended is gone in less than a second.
        while ((await client.StopAsync(_folder.Host, "t", StopStep.Look, Cancel)).Left > 0)
            await Task.Delay(5, Cancel);
    }

    [Theory, MemberData(nameof(Shells.All), MemberType = typeof(Shells))]
    public async Task Message_for_a_task_that_does_not_run_is_refused_with_its_state(string shell)
    {
        await using var client = Shells.Client(shell);
        Assert.IsType<Absent>(await client.SendMessageAsync(_folder.Host, "none", "one", "text", Cancel));
        Assert.False(Directory.Exists(_folder.Workspace("none")));
        await client.LaunchAsync(_folder.Host, TestOrders.Order("t", "exit 3"), Cancel);
        await client.EndAsync(_folder.Host, "t");
        Assert.Equal(3, Assert.IsType<Ended>(await client.SendMessageAsync(_folder.Host, "t", "one", "text", Cancel)).ExitCode);
        Assert.False(Directory.Exists(_folder.Workspace("t") + "/inbox"));
    }

    [Theory, MemberData(nameof(Shells.All), MemberType = typeof(Shells))]
    public async Task Inbox_has_a_limit_and_is_no_matter_of_what_the_task_puts_there(string shell)
    {
        await using var client = Shells.Client(shell);
        await StartAsync(client, "sleep 600");
        var inbox = _folder.Workspace("t") + "/inbox";
        Directory.CreateDirectory(inbox + "/read");
        foreach (var name in new[] { "9$(touch x).y", "99999999999999999999.z", "a.b", "8.8", "1x00000000.q" })
            await File.WriteAllTextAsync($"{inbox}/{name}", "", Cancel);
        foreach (var n in Enumerable.Range(1, 255))
            await File.WriteAllTextAsync($"{inbox}/{1_000_000_000 + n}.n{n}", "", Cancel);
        Assert.Null(await client.SendMessageAsync(_folder.Host, "t", "fits", "text", Cancel));
        Assert.Equal("text", await File.ReadAllTextAsync($"{inbox}/1000000256.fits", Cancel));
        var failure = await Assert.ThrowsAsync<DispatchException>(() => client.SendMessageAsync(_folder.Host, "t", "more", "text", Cancel));
        Assert.Equal((FailureReason.WorkspaceRefused, "t"), (failure.Reason, failure.TaskId));
        await EndAsync(client);
    }

    private async Task StartAsync(WorkspaceClient client, string command) =>
        Assert.IsType<LaunchAnswer.Started>(await client.LaunchAsync(_folder.Host, TestOrders.Order("t", command), Cancel));

    private async Task EndAsync(WorkspaceClient client)
    {
        await client.StopAsync(_folder.Host, "t", StopStep.Term, Cancel);
        await client.EndAsync(_folder.Host, "t");
    }

    private string[] ReadLine(string shell, string[] words) =>
        ["/usr/bin/env", "REMOTE_DISPATCH_WORKSPACE=" + _folder.Workspace("t"), .. Shells.CommandLine(shell), _folder.Workspace("t") + "/bin/rd", "inbox", .. words];

    /// <summary>What 'rd inbox' prints; null where it says that there is none.</summary>
    private async Task<string?> ReadAsync(string shell, params string[] words)
    {
        var (code, output, error) = await ProcessRun.OfAsync(ReadLine(shell, words), Cancel);
        Assert.Equal("", error);
        Assert.Equal(code == 0 ? 0 : 1, code);
        return code == 0 ? Encoding.UTF8.GetString(output) : null;
    }
}
