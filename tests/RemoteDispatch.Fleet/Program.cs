using System.Runtime.InteropServices;
using RemoteDispatch.Fleet;

ProgramOptions options;
try
{
    options = ProgramOptions.Parse(args);
}
catch (FormatException error)
{
    await Console.Error.WriteLineAsync(error.Message + "\n\n" + ProgramOptions.Usage);
    return 2;
}

if (options.Help)
{
    await Console.Out.WriteAsync(ProgramOptions.Usage);
    return 0;
}

// Taken before the start, so that Ctrl-C during it is no death without a clean-up.
using var end = new CancellationTokenSource();
void End(PosixSignalContext context)
{
    context.Cancel = true;
    end.Cancel();
}

using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, End);
using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, End);
using var hangup = PosixSignalRegistration.Create(PosixSignal.SIGHUP, End);

if (options.Model)
{
    await using var model = new ModelDouble();
    await Console.Out.WriteLineAsync(options.Json ? $"{{\"address\":\"{model.Address}\"}}" : model.Address);
    await EndOfInputAsync(end.Token);
    return 0;
}

if ((options.Systemd ? SystemdHost.Missing : options.Namespaced ? NamespacedFleet.Missing : SshFleet.Missing) is { } missing)
{
    await Console.Error.WriteLineAsync(missing);
    return 1;
}

try
{
    FleetDescription description;
    IAsyncDisposable running;
    if (options.Systemd)
    {
        var host = await SystemdHost.StartAsync(end.Token);
        (running, description) = (host, FleetDescription.Of(host));
    }
    else if (options.Namespaced)
    {
        var fleet = await NamespacedFleet.StartAsync(options.Count, cancellationToken: end.Token);
        (running, description) = (fleet, FleetDescription.Of(fleet));
    }
    else
    {
        var fleet = await SshFleet.StartAsync(options.Count, cancellationToken: end.Token);
        (running, description) = (fleet, FleetDescription.Of(fleet));
    }

    await using (running)
    {
        await Console.Out.WriteLineAsync(options.Json ? description.ToJson() : description.ToText());
        await EndOfInputAsync(end.Token);
    }

    return 0;
}
catch (OperationCanceledException) when (end.IsCancellationRequested)
{
    return 0;
}

static async Task EndOfInputAsync(CancellationToken cancellationToken)
{
    // A read of stdin cannot be cancelled, so it is left behind when a signal comes first.
    var input = Task.Run(() => Console.OpenStandardInput().CopyTo(Stream.Null), CancellationToken.None);
    try
    {
        await input.WaitAsync(cancellationToken);
    }
    catch (OperationCanceledException)
    {
        // The signal that says so is as good an end as the other.
    }
}
