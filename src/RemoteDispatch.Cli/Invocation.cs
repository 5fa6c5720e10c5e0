using System.Collections.Concurrent;
using System.CommandLine;
using System.CommandLine.Parsing;
using RemoteDispatch.Cli.Output;
using RemoteDispatch.Connections;
using RemoteDispatch.Hosts;
using RemoteDispatch.Tasks;

namespace RemoteDispatch.Cli;

/// <summary>One run of the program: what was asked, the dispatcher that does it, and where the answers go.</summary>
internal sealed class Invocation : IAsyncDisposable
{
    private static readonly TimeSpan ClosePatience = TimeSpan.FromSeconds(1);

    private readonly ParseResult _parse;
    private readonly Interruption _interruption;
    private readonly CancellationTokenSource _end;
    private readonly ConcurrentDictionary<string, bool> _silent = new(StringComparer.OrdinalIgnoreCase);

    public Invocation(ParseResult parse, Screen screen, Interruption interruption)
    {
        _parse = parse;
        _interruption = interruption;
        _end = CancellationTokenSource.CreateLinkedTokenSource(interruption.Token);
        Screen = screen;
        IsJson = parse.GetValue(Common.Json);
        IsVerbose = parse.GetValue(Common.Verbose);
        var connections = new ConnectionOptions { Observer = Tell };
        Dispatcher = new Dispatcher(new DispatcherOptions { Connections = connections });
    }

    /// <summary>Where the answers go.</summary>
    public Screen Screen { get; }

    /// <summary>Does it.</summary>
    public Dispatcher Dispatcher { get; }

    /// <summary>The hosts that have names.</summary>
    public HostInventory Inventory => Dispatcher.Options.Inventory;

    /// <summary>The clock.</summary>
    public TimeProvider Time => Dispatcher.Options.Time;

    /// <summary>Is a JSON document wanted?</summary>
    public bool IsJson { get; }

    /// <summary>Is each step of the work to be told?</summary>
    public bool IsVerbose { get; }

    /// <summary>Has a signal come?</summary>
    public bool IsInterrupted => _interruption.ExitCode is not null;

    /// <summary>Is cancelled when a signal comes, or nobody reads the output any more.</summary>
    public CancellationToken Token => _end.Token;

    /// <summary>The value of an option.</summary>
    public T? Get<T>(Option<T> option) => _parse.GetValue(option);

    /// <summary>The value of an argument. One that may be left out has a default value: without it, this throws.</summary>
    public T Get<T>(Argument<T> argument) => _parse.GetRequiredValue(argument);

    /// <summary>How many words of the command line stand behind <c>--</c>.</summary>
    public int WordsBehindDashes => _parse.Tokens.SkipWhile(t => t.Type != TokenType.DoubleDash).Skip(1).Count();

    /// <summary>Does the work, and shows whatever ends it early.</summary>
    public async Task<int> CompleteAsync(Func<Invocation, Task<int>> work)
    {
        try
        {
            return await work(this).ConfigureAwait(false) is var code && _interruption.ExitCode is { } signal ? signal : code;
        }
        catch (OutputClosedException)
        {
            return _interruption.ExitCode ?? ExitCodes.OutputClosed;
        }
        catch (OperationCanceledException) when (IsInterrupted)
        {
            return ShowAlone(Interrupted());
        }
        catch (DispatchException e)
        {
            return ShowAlone(Failure.Of(e));
        }
        catch (Exception e)
        {
            if (IsVerbose)
                Screen.Say(e.ToString());
            return ShowAlone(Failure.Of(e));
        }
    }

    /// <summary>Copies the log of a task that has ended, unless it is not wanted. Whatever comes of it, the task ended as it did.</summary>
    public Task<RemoteTask> CollectAsync(RemoteTask task) =>
        Get(Common.NoCollect) ? Task.FromResult(task) : Dispatcher.CollectEndedLogAsync(task, Token);

    /// <summary>Ends everything that goes on: whatever else would be said, nobody reads it.</summary>
    public Task EndAsync() => _end.CancelAsync();

    /// <summary>The failure that says that a signal came, and what that means for a task.</summary>
    public Failure Interrupted(string? what = null, string? remedy = null, string? host = null, string? task = null) => new()
    {
        Reason = "Interrupted",
        Message = what is null ? "Interrupted." : $"Interrupted; {what}.",
        Remedy = remedy ?? "Tasks that were started go on: 'rdispatch list' shows them.",
        ExitCode = _interruption.ExitCode ?? ExitCodes.Interrupted,
        Host = host,
        Task = task,
    };

    /// <inheritdoc cref="Interrupted(string?, string?, string?, string?)"/>
    public Failure Interrupted(RemoteTask task) => Interrupted(
        $"the task '{task.Id}' on host '{task.HostName}' goes on", $"rdispatch logs -f {task.Id} --host {task.HostName}", task.HostName, task.Id);

    /// <summary>The same for a task whose SSH agent goes with this program.</summary>
    public Failure InterruptedWithAgent(RemoteTask task) => Interrupted(
        $"the task '{task.Id}' on host '{task.HostName}' goes on, without its SSH agent", $"rdispatch wait {task.Id} --host {task.HostName} --keep-agent", task.HostName, task.Id);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        // It has its own limit.
        await Dispatcher.FinishRevocationsAsync().ConfigureAwait(false);
        try
        {
            await Dispatcher.DisposeAsync().AsTask().WaitAsync(ClosePatience, Time).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            // The connections end with the process.
        }

        _end.Dispose();
    }

    private void Tell(WorkStep step)
    {
        if (step.Name == "preflight_ok")
            _silent.TryRemove(step.Host, out _);
        if (IsVerbose)
            Screen.Say(step.ToString());
        else if (step.Name == "waiting" && _silent.TryAdd(step.Host, true))
            Screen.Warn($"host '{step.Host}' does not answer, and is asked again until it does: {step.Detail}");
        else if (step.Name is "token_unguarded" or "token_not_revoked" or "log_not_collected")
            Screen.Warn($"host '{step.Host}': {step.Detail}");
    }

    private int ShowAlone(Failure failure)
    {
        Screen.Fail(failure);
        try
        {
            if (IsJson)
                Screen.Document(failure.ToJson());
        }
        catch (OutputClosedException)
        {
            // It is on stderr.
        }

        return failure.ExitCode;
    }
}
