using RemoteDispatch.Cli.Logs;
using RemoteDispatch.Hosts;
using RemoteDispatch.Tasks;

namespace RemoteDispatch.Cli.Verbs;

/// <summary><c>run</c>: sends a command to hosts; with <c>--wait</c>, follows it to its end.</summary>
internal static class RunVerb
{
    public static Verb Create()
    {
        var verb = new Verb(
            "run", "Sends a command to hosts, where it runs detached, and returns at once.", RunAsync,
            "rdispatch run --wait -- 'uname -a; date'",
            "rdispatch run --host gpu1 --timeout 8h --directory ~/train -- python train.py --epochs 3",
            "rdispatch run --host gpu1 --id setup-1 --runner tmux --file setup.sh",
            "rdispatch run --host web1 --host web2 --wait --file deploy.sh",
            "rdispatch run --host '@gpu!gpu7' --wait -- nvidia-smi",
            "rdispatch run --host db1 --separate-error --wait -- pg_dump shop > shop.sql",
            "rdispatch run --capability gpu -- nvidia-smi",
            "rdispatch run --capability gpu --first 1 -- nvidia-smi",
            "rdispatch run --host build1 --env-secret GH_TOKEN --secret-command 'NPM_TOKEN=pass show npm' -- ./release.sh",
            "rdispatch run --host build1 --sandbox --no-network --directory ~/project --wait -- make test",
            "rdispatch run --host build1 --agent claude --directory ~/project --env-secret ANTHROPIC_API_KEY --max-turns 50 -- 'Mend the failing test'",
            "rdispatch run --host build1 --agent auto --file prompt.md --id fix-login --wait",
            "rdispatch run --host build1 --repository https://github.com/octo/site --branch main --wait -- make test",
            "rdispatch run --host build1 --keep-agent --directory app -- 'make && git push'",
            "rdispatch run --host build1 --scoped-token octo/site --token-permission contents:write --app-id Iv23li4711 --app-key-file ~/app.pem -- ./publish.sh")
        {
            RunOptions.Hosts, RunOptions.Capabilities, RunOptions.First, RunOptions.Id, RunOptions.Wait, Common.NoCollect, RunOptions.Timeout, RunOptions.StallLimit, RunOptions.Directory, RunOptions.Environment,
            RunOptions.LoginShell, RunOptions.Runner, RunOptions.SeparateError, RunOptions.ReportToolUse, RunOptions.Throttle, RunOptions.File, RunOptions.Command,
        };
        foreach (var option in PromptOptions.All.Concat(CredentialOptions.All).Concat(TokenOptions.All).Concat(AgentOptions.All).Concat(SandboxOptions.All).Concat(RepositoryOptions.All))
            verb.Add(option);
        verb.Validators.Add(RunOptions.Validate);
        return verb;
    }

    private static async Task<int> RunAsync(Invocation run)
    {
        var request = await RunOptions.ToRequestAsync(run, run.Get(RunOptions.Id), PromptOptions.Read(run)).ConfigureAwait(false);
        Dispatcher.CheckAgent(request, run.Dispatcher.Options.AgentFolder);
        await PromptOptions.AskAsync(run, request).ConfigureAwait(false);
        var hosts = await FindHostsAsync(run, request).ConfigureAwait(false);
        var isWaited = run.Get(RunOptions.Wait);
        // Who stays for the agent alone is told that the task runs when it does, and not when it has ended.
        var isShown = !isWaited && !run.Get(AgentOptions.Keep);
        return await run.ShowEachAsync(
            hosts,
            host => RunOneAsync(run, host.Name, host.Find(), request, isWaited ? PrinterFor(run, host.Name, hosts.Count) : null),
            isShown ? run.ShowLine : null,
            (int)Math.Min(run.Get(RunOptions.Throttle) ?? Results.DefaultThrottle, int.MaxValue)).ConfigureAwait(false);
    }

    private static async Task<IReadOnlyList<Place>> FindHostsAsync(Invocation run, TaskRequest request)
    {
        if (run.Get(RunOptions.Hosts) is { Length: > 0 } named)
            return run.Expand(named);
        if (run.Get(RunOptions.Capabilities) is not { Length: > 0 } wanted)
            return TaskTarget.Of(request) is { } target ? [Of(run.Dispatcher.FindTarget(target))] : run.Expand([DispatchHost.LocalName]);
        if (run.Get(RunOptions.First) is not { } first)
            return [Of(run.Dispatcher.ChooseHost(wanted, request.Id))];
        var hosts = await run.Dispatcher.PickAsync(run.Inventory.Having(wanted), (int)Math.Min(first, int.MaxValue), run.Token).ConfigureAwait(false);
        return [.. hosts.Select(Of)];

        static Place Of(DispatchHost host) => new(host.Name, host, null);
    }

    internal static ILogPrinter PrinterFor(Invocation run, string host, int hosts) =>
        run.IsJson ? new NoLog() : hosts == 1 ? new RawLog(run.Screen) : new PrefixedLog(run.Screen, host + ": ");

    internal static async Task<Outcome> RunOneAsync(Invocation run, string name, DispatchHost host, TaskRequest request, ILogPrinter? printer)
    {
        // The id is made here, so that it can be told even if the answer never comes.
        request = request with { Id = request.Id ?? TaskId.New(run.Time) };
        RemoteTask? task = null;
        try
        {
            var options = new DispatchOptions { IsAwaited = printer is not null || run.Get(AgentOptions.Keep) };
            task = await run.Dispatcher.DispatchAsync(host, request, options, run.Token).ConfigureAwait(false);
            if (task.IsWaiting)
                run.Screen.Warn($"host '{name}': the task '{task.Id}' {task.Reason}");
            if (task.Sandbox is { Kind: SandboxKind.Environment })
                run.Screen.Warn($"host '{name}': {TaskSandbox.NoBoundary}");
            if (printer is null)
                return run.Get(AgentOptions.Keep) ? await KeepAgentAsync(run, task).ConfigureAwait(false) : Outcome.Done(task);
            task = await FollowAsync(run, task, printer).ConfigureAwait(false);
            return Outcome.Ended(await run.CollectAsync(task).ConfigureAwait(false));
        }
        catch (OperationCanceledException) when (run.IsInterrupted)
        {
            return Outcome.Failed(task is not null ? Interrupted(run, task) : run.Interrupted(
                $"whether the task '{request.Id}' was started on host '{name}' is not known",
                $"rdispatch status {request.Id} --host {name}", name, request.Id!.Value));
        }
        catch (DispatchException e)
        {
            return Outcome.Failed(Failure.Of(e.About(name, request.Id!.Value)));
        }
    }

    private static async Task<Outcome> KeepAgentAsync(Invocation run, RemoteTask task)
    {
        if (!run.IsJson)
            run.ShowLine(Outcome.Done(task));
        return Outcome.Ended(await run.Dispatcher.KeepAgentAsync(task, null, run.Token).ConfigureAwait(false));
    }

    private static Failure Interrupted(Invocation run, RemoteTask task) =>
        run.Dispatcher.Options.Ledger.Find(task.Id, task.HostName) is { IsWaiting: true } waiting ? run.Interrupted(
            $"the task '{task.Id}' has not been started on host '{task.HostName}': it {waiting.Reason}", $"rdispatch status {task.Id} --host {task.HostName}", task.HostName, task.Id)
        : run.Get(AgentOptions.Keep) ? run.InterruptedWithAgent(task) : run.Interrupted(task);

    private static async Task<RemoteTask> FollowAsync(Invocation run, RemoteTask task, ILogPrinter printer)
    {
        await foreach (var chunk in run.Dispatcher.ReadLogAsync(task, new LogQuery { Follow = true }, run.Token).ConfigureAwait(false))
        {
            printer.Add(chunk);
            task = chunk.Task;
        }

        printer.Finish();
        return task;
    }
}
