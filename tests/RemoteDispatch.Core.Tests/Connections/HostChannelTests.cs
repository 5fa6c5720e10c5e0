using RemoteDispatch.Connections;
using RemoteDispatch.Hosts;

namespace RemoteDispatch.Core.Tests.Connections;

/// <summary>An open channel answers framed requests, under every shell.</summary>
public sealed class HostChannelTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly TestFolder _folder = new();
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Theory, MemberData(nameof(Shells.All), MemberType = typeof(Shells))]
    public async Task Request_brings_output_errors_and_exit_code_apart(string shell)
    {
        await using var channel = await LocalChannel.OpenAsync(shell);
        var reply = await channel.RequestAsync("echo out; echo err >&2; (exit 7)", Patience, Cancel);
        Assert.Equal((7, "out\n", "err\n"), (reply.ExitCode, reply.Text, reply.ErrorText));
        reply = await channel.RequestAsync(":", Patience, Cancel);
        Assert.Equal((0, "", ""), (reply.ExitCode, reply.Text, reply.ErrorText));
        Assert.True(channel.IsOpen);
    }

    [Theory, MemberData(nameof(Shells.All), MemberType = typeof(Shells))]
    public async Task Request_brings_every_byte_on_both_streams_exactly(string shell)
    {
        var content = Enumerable.Range(0, 256 * 1000).Select(i => (byte)i).ToArray();
        await File.WriteAllBytesAsync(_folder.Path + "/bytes", content, Cancel);
        await using var channel = await LocalChannel.OpenAsync(shell);
        var reply = await channel.RequestAsync($"cat {_folder.Path}/bytes; cat {_folder.Path}/bytes >&2", Patience, Cancel);
        Assert.Equal(0, reply.ExitCode);
        Assert.True(reply.Output.Span.SequenceEqual(content), "stdout differs");
        Assert.True(reply.Error.Span.SequenceEqual(content), "stderr differs");
    }

    [Theory, MemberData(nameof(Shells.All), MemberType = typeof(Shells))]
    public async Task Request_of_megabytes_arrives_whole(string shell)
    {
        var text = string.Concat(Enumerable.Repeat("it's $(id) `x` é漢🎉\n", 100_000));
        await using var channel = await LocalChannel.OpenAsync(shell);
        var reply = await channel.RequestAsync($"printf %s {ShellQuote.Quote(text)}", Patience, Cancel);
        Assert.Equal(text, reply.Text);
    }

    [Theory, MemberData(nameof(Shells.All), MemberType = typeof(Shells))]
    public async Task Request_that_reads_its_input_gets_none_and_not_the_next_request(string shell)
    {
        await using var channel = await LocalChannel.OpenAsync(shell);
        var first = channel.RequestAsync("cat; read x || echo \"none[$x]\"", Patience, Cancel);
        var second = channel.RequestAsync("echo second", Patience, Cancel);
        Assert.Equal("none[]\n", (await first).Text);
        Assert.Equal("second\n", (await second).Text);
    }

    [Theory, MemberData(nameof(Shells.All), MemberType = typeof(Shells))]
    public async Task A_hundred_requests_at_once_each_get_their_own_reply(string shell)
    {
        await using var channel = await LocalChannel.OpenAsync(shell);
        var replies = await Task.WhenAll(Enumerable.Range(0, 100).Select(i =>
            Task.Run(() => channel.RequestAsync($"printf {i}; printf e{i} >&2; (exit {i})", Patience, Cancel), Cancel)));
        Assert.Equal(Enumerable.Range(0, 100).Select(i => (i, $"{i}", $"e{i}")), replies.Select(r => (r.ExitCode, r.Text, r.ErrorText)));
    }

    [Theory, MemberData(nameof(Shells.All), MemberType = typeof(Shells))]
    public async Task Caller_that_goes_costs_the_others_nothing(string shell)
    {
        await using var channel = await LocalChannel.OpenAsync(shell);
        var gate = _folder.Path + "/gate";
        await channel.RequestAsync($"mkfifo {gate}", Patience, Cancel);
        using var leaving = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        var first = channel.RequestAsync($"read x <{gate}; echo first", Patience, leaving.Token);
        var second = channel.RequestAsync("echo second", Patience, Cancel);
        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
        Assert.False(second.IsCompleted);

        await File.WriteAllTextAsync(gate, "go\n", Cancel);
        Assert.Equal("second\n", (await second).Text);
        Assert.Equal("third\n", (await channel.RequestAsync("echo third", Patience, Cancel)).Text);
    }

    [Theory, MemberData(nameof(Shells.All), MemberType = typeof(Shells))]
    public async Task Noise_of_a_login_script_is_skipped_on_both_streams(string shell)
    {
        var script = "i=0; while [ $i -lt 3000 ]; do echo 'Welcome to the machine'; echo 'warning: old' >&2; i=$((i+1)); done; printf 'no line end'; exec \"$@\"";
        var line = Shells.CommandLine(shell);
        await using var channel = await LocalChannel.OpenAsync(Shells.Options(shell) with { Shell = [.. line, "-c", script, "sh", .. line] });
        var reply = await channel.RequestAsync("echo out; echo err >&2", Patience, Cancel);
        Assert.Equal(("out\n", "err\n"), (reply.Text, reply.ErrorText));
    }

    [Theory, MemberData(nameof(Shells.All), MemberType = typeof(Shells))]
    public async Task Resident_functions_are_there_for_every_request(string shell)
    {
        await using var channel = await LocalChannel.OpenAsync(Shells.Options(shell), "greet() {\n  echo \"hello $1\"\n}\n");
        Assert.Equal("hello you\n", (await channel.RequestAsync("greet you", Patience, Cancel)).Text);
        Assert.Equal("hello again\n", (await channel.RequestAsync("greet again", Patience, Cancel)).Text);
    }

    [Theory, InlineData("exit 3"), InlineData("kill -9 $$"), InlineData("exec >&-; exit 0"), InlineData("echo 'Connection reset' >&2; exit 255")]
    public async Task Shell_that_ends_in_a_request_is_a_lost_connection(string script)
    {
        await using var channel = await LocalChannel.OpenAsync("dash");
        var others = channel.RequestAsync("echo before", Patience, Cancel);
        var lost = await Refusal.OfAsync(FailureReason.ConnectionLost, () => channel.RequestAsync(script, Patience, Cancel));
        Assert.Equal(DispatchHost.LocalName, lost.Host);
        Assert.Equal("before\n", (await others).Text);
        Assert.False(channel.IsOpen);
        await Refusal.OfAsync(FailureReason.ConnectionLost, () => channel.RequestAsync("echo after", Patience, Cancel));
    }

    [Fact]
    public async Task Request_that_takes_too_long_is_timed_out_and_costs_the_channel()
    {
        var clock = new ClockDouble();
        var channel = await LocalChannel.OpenAsync(Shells.Options("dash") with { Time = clock });
        await channel.RequestAsync($"mkfifo {_folder.Path}/gate", Patience, Cancel);
        var stuck = channel.RequestAsync($"read x <{_folder.Path}/gate", TimeSpan.FromSeconds(5), Cancel);
        var behind = channel.RequestAsync("echo behind", Patience, Cancel);
        clock.Advance(TimeSpan.FromSeconds(4.9));
        Assert.False(stuck.IsCompleted);
        clock.Advance(TimeSpan.FromSeconds(0.2));
        Assert.Contains("5 seconds", (await Refusal.OfAsync(FailureReason.RequestTimedOut, () => stuck)).Message, StringComparison.Ordinal);
        await Refusal.OfAsync(FailureReason.ConnectionLost, () => behind);
        Assert.False(channel.IsOpen);
        await channel.DisposeAsync();
    }

    [Fact]
    public async Task Dispose_twice_and_after_a_loss_is_no_error()
    {
        var channel = await LocalChannel.OpenAsync("dash");
        await channel.DisposeAsync();
        await channel.DisposeAsync();
        Assert.False(channel.IsOpen);
        await Refusal.OfAsync(FailureReason.ConnectionLost, () => channel.RequestAsync(":", Patience, Cancel));

        channel = await LocalChannel.OpenAsync("dash");
        await Refusal.OfAsync(FailureReason.ConnectionLost, () => channel.RequestAsync("kill -9 $$", Patience, Cancel));
        await channel.DisposeAsync();
    }
}
