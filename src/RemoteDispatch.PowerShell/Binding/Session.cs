using RemoteDispatch.Connections;
using RemoteDispatch.Hosts;
using RemoteDispatch.Tasks;

namespace RemoteDispatch.PowerShell.Binding;

/// <summary>
/// The one dispatcher of this process: every runspace shares its channels. It follows the environment variables that name the
/// user's files, so that a script may set them after the import.
/// </summary>
internal static class Session
{
    // Steps belong to the cmdlet whose work they are: the observer flows with the asynchronous call.
    private static readonly AsyncLocal<Action<WorkStep>?> Listening = new();
    private static readonly Lock Guard = new();
    private static (string Files, Dispatcher Dispatcher)? _current;

    // Tokens of a short life, and those of tasks that were just seen to end: nobody waits for them but the process's end.
    static Session() => AppDomain.CurrentDomain.ProcessExit += (_, _) => _current?.Dispatcher.FinishRevocationsAsync(isEnd: true).Wait(TimeSpan.FromSeconds(5));

    public static Dispatcher Dispatcher
    {
        get
        {
            var files = $"{UserFolders.HostsFile}\n{UserFolders.State}\n{UserFolders.Logs}";
            lock (Guard)
            {
                if (_current is { } current && current.Files == files)
                    return current.Dispatcher;
                var options = new DispatcherOptions
                {
                    Connections = new ConnectionOptions { Observer = step => Listening.Value?.Invoke(step) },
                };
                _current = (files, new Dispatcher(options));
                return _current.Value.Dispatcher;
            }
        }
    }

    public static HostInventory Inventory => HostInventory.OfUser;

    public static void Listen(Action<WorkStep>? listener) => Listening.Value = listener;
}
