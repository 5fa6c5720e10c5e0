using System.CommandLine;
using RemoteDispatch.Cli.Json;
using RemoteDispatch.Hosts;

namespace RemoteDispatch.Cli.Verbs;

/// <summary><c>hosts add</c>: gives a host a name.</summary>
internal static class HostsAddVerb
{
    private static readonly Argument<string> Name = new("NAME") { Description = "What it is called here." };
    private static readonly Argument<string> Address = new("ADDRESS")
    {
        Description = "A name, an IP address, user@host, ssh://user@host:port, an alias from ssh_config; for WSL, the distribution.",
    };
    private static readonly Option<string?> Transport = new("--transport")
    {
        Description = "ssh, tailscale, wsl or local. [default: what the address suggests]", HelpName = "NAME",
    };
    private static readonly Option<string?> Container = new("--container")
    {
        Description = "auto, none, or the name of the container that tasks run in. [default: none]", HelpName = "NAME",
    };
    private static readonly Option<string[]> Capabilities = new("--capability")
    {
        Description = "A word for what it can do, as 'gpu'; may be given several times.", HelpName = "WORD",
    };
    private static readonly Option<string?> Root = new("--workspace-root")
    {
        Description = "The folder of the workspaces there. [default: ~/.remote-dispatch/tasks]", HelpName = "PATH",
    };
    private static readonly Option<long?> Limit = Common.Bytes("--workspace-limit", "How much the workspaces there may take together; where that is reached no task is started. [default: no limit]");
    private static readonly Option<long?> MaxWorkers = Common.Number("--max-workers", "How many tasks may run there at once; what is sent beyond that waits, and 'rdispatch watch' starts it. [default: no limit]", "N", 1);
    private static readonly Option<long?> MemoryPerWorker = Common.Bytes("--memory-per-worker", "How much memory each of them needs: another starts only where so much is free, and where all fit into the memory.");
    private static readonly Option<long?> MemoryReserve = Common.Bytes("--memory-reserve", "How much memory is to stay free beside them.");
    private static readonly Option<TimeSpan?> StartInterval = Common.Span("--start-interval", "How long after one start the next may be.");
    private static readonly Option<string?> HostKey = new("--host-key")
    {
        Description = "The fingerprint of the only key that it may show.", HelpName = "SHA256:…",
    };
    private static readonly Option<bool> TrustHostKey = new("--trust-host-key") { Description = "Ask it for its key now, and pin that; the fingerprint is shown." };
    private static readonly Option<bool> ForwardAgent = new("--forward-agent") { Description = "Forward the SSH agent of this machine to it; root there can use it while a connection is open." };
    private static readonly Option<string[]> ForwardCredentials = new("--forward-credential")
    {
        Description = "A variable of this environment that every task sent to it gets as a secret, or 'default' for the usual ones that are set; may be given several times.", HelpName = "NAME",
    };
    private static readonly Option<bool> Force = new("--force") { Description = "Put it in the place of one that has its name already." };

    public static Verb Create()
    {
        Transport.AcceptOnlyFromAmong([.. Enum.GetValues<Hosts.Transport>().Select(HostDocument.Word)]);
        return new Verb(
            "add", "Adds a host to the inventory.", AddAsync,
            "rdispatch hosts add gpu1 ssh://deploy@gpu1.example.com:2222 --capability gpu",
            "rdispatch hosts add agents1 agents1.example.com --max-workers 4 --memory-per-worker 2GB --memory-reserve 1GB --start-interval 10s",
            "rdispatch hosts add builder 192.168.1.100 --container auto")
        {
            Name, Address, Transport, Container, Capabilities, Root, Limit, MaxWorkers, MemoryPerWorker, MemoryReserve, StartInterval, HostKey, TrustHostKey, ForwardAgent, ForwardCredentials, Force,
        };
    }

    private static async Task<int> AddAsync(Invocation run)
    {
        var address = HostAddress.Parse(run.Get(Address));
        var host = new DispatchHost
        {
            Name = run.Get(Name),
            Address = address,
            Transport = run.Get(Transport) is { } word ? Enum.Parse<Hosts.Transport>(word, ignoreCase: true) : DispatchHost.Detect(address),
            Container = ContainerChoice.Parse(run.Get(Container)),
            Capabilities = run.Get(Capabilities) ?? [],
            WorkspaceRoot = run.Get(Root),
            WorkspaceLimit = run.Get(Limit),
            WorkerLimit = new WorkerLimit
            {
                MaxWorkers = (int?)Math.Min(run.Get(MaxWorkers) ?? 0, int.MaxValue),
                MemoryPerWorker = run.Get(MemoryPerWorker),
                MemoryReserve = run.Get(MemoryReserve),
                StartInterval = run.Get(StartInterval),
            },
            HostKeyFingerprint = run.Get(HostKey),
            ForwardAgent = run.Get(ForwardAgent),
            ForwardCredentials = run.Get(ForwardCredentials) ?? [],
        };
        if (run.Get(TrustHostKey))
            host = await HostsPinVerb.TrustAsync(run, host).ConfigureAwait(false);
        HostsVerb.Show(run, await run.Inventory.AddAsync(host, run.Get(Force), run.Token).ConfigureAwait(false), "added");
        return ExitCodes.Success;
    }
}
