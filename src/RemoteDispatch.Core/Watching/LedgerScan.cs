using RemoteDispatch.Tasks;

namespace RemoteDispatch.Watching;

/// <summary>The ledger as a folder that other processes write to: what is new in it is read, and the rest is not read again.</summary>
internal sealed class LedgerScan : IDisposable
{
    // For file systems that tell nothing (a network's), and for what is lost in a flood: the folder's own time stamp, and then the files'.
    private static readonly TimeSpan Again = TimeSpan.FromSeconds(30);

    // A task is written more than once while it is sent.
    private static readonly TimeSpan Settling = TimeSpan.FromMilliseconds(50);

    private readonly Ledger _ledger;
    private readonly TimeProvider _time;
    private readonly Bell _bell;
    private readonly FileSystemWatcher? _watcher;
    private Dictionary<string, (DateTime Written, long Length, RemoteTask? Task)> _files = new(StringComparer.Ordinal);

    public LedgerScan(Ledger ledger, TimeProvider time)
    {
        (_ledger, _time, _bell) = (ledger, time, new Bell(time));
        SafeFile.CreateFolder(ledger.Folder);
        try
        {
            _watcher = new FileSystemWatcher(ledger.Folder, "*.json") { NotifyFilter = NotifyFilters.FileName | NotifyFilters.LastWrite };
            _watcher.Created += (_, _) => Ring();
            _watcher.Renamed += (_, _) => Ring();
            _watcher.Changed += (_, _) => Ring();
            _watcher.Deleted += (_, _) => Ring();
            _watcher.Error += (_, _) => Ring();
            _watcher.EnableRaisingEvents = true;
        }
        catch (Exception e) when (e is IOException or PlatformNotSupportedException)
        {
            // The user has no more watches (inotify): the time stamps are left.
            _watcher = null;
        }
    }

    /// <summary>Wakes who waits for a change.</summary>
    public void Ring() => _bell.Ring();

    /// <summary>The tasks of the ledger now.</summary>
    /// <param name="damaged">Hears of a file that cannot be read, once for each content.</param>
    public IReadOnlyList<RemoteTask> Read(Action<DispatchException> damaged)
    {
        var before = _files;
        _files = new(StringComparer.Ordinal);
        foreach (var file in new DirectoryInfo(_ledger.Folder).EnumerateFiles("*.json"))
        {
            try
            {
                var (written, length) = (file.LastWriteTimeUtc, file.Length);
                _files[file.Name] = before.TryGetValue(file.Name, out var known) && known.Written == written && known.Length == length
                    ? known : (written, length, ReadOne(file.FullName, damaged));
            }
            catch (FileNotFoundException)
            {
                // It went in between.
            }
        }

        return [.. _files.Values.Select(f => f.Task).OfType<RemoteTask>()];
    }

    /// <summary>Waits until the ledger may have changed, or somebody rings.</summary>
    public async Task ChangedAsync(CancellationToken cancellationToken)
    {
        await _bell.WaitAsync(Again, cancellationToken).ConfigureAwait(false);
        await Task.Delay(Settling, _time, cancellationToken).ConfigureAwait(false);
    }

    public void Dispose() => _watcher?.Dispose();

    private static RemoteTask? ReadOne(string path, Action<DispatchException> damaged)
    {
        try
        {
            return Ledger.ReadFile(path);
        }
        catch (DispatchException e)
        {
            damaged(e);
            return null;
        }
    }
}
