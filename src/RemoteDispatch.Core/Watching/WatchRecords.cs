using System.Text;
using RemoteDispatch.Tasks;

namespace RemoteDispatch.Watching;

/// <summary>
/// What the watches of one ledger share: a file per task, in the folder <c>watch</c> of the ledger. Whoever has it open has the task to himself
/// for as long as that takes, and the lock goes with the process, whatever ends it; what was done is written when it is done. So an end is
/// announced once by however many watches, and once more where one was killed in between: at least once.
/// </summary>
internal sealed class WatchRecords(Ledger ledger)
{
    private readonly string _folder = Path.Combine(ledger.Folder, "watch");
    private HashSet<string> _old = [];

    /// <summary>
    /// What had ended before anybody watched this ledger for the first time is old: nobody is told of it. Written down by the first watch.
    /// </summary>
    public async Task BeginAsync(IEnumerable<RemoteTask> tasks, TimeProvider time, CancellationToken cancellationToken)
    {
        var path = Path.Combine(_folder, "old");
        var held = await SafeFile.LockAsync(path, time, cancellationToken).ConfigureAwait(false);
        await using (held.ConfigureAwait(false))
        {
            if (!File.Exists(path))
                SafeFile.Write(path, Encoding.UTF8.GetBytes(string.Concat(tasks.Where(t => t.State.IsFinal()).Select(t => NameOf(t) + "\n"))));
            _old = [.. await File.ReadAllLinesAsync(path, cancellationToken).ConfigureAwait(false)];
        }
    }

    /// <summary>Had it ended before anybody watched?</summary>
    public bool IsOld(RemoteTask task) => _old.Contains(NameOf(task));

    /// <summary>Takes a task; null where another watch has it.</summary>
    /// <exception cref="DispatchException"><see cref="FailureReason.LocalFile"/>.</exception>
    public WatchClaim? TryTake(RemoteTask task)
    {
        var path = PathOf(task);
        try
        {
            SafeFile.CreateFolder(_folder);
            return new WatchClaim(new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None), task);
        }
        catch (IOException e) when (e.GetType() == typeof(IOException))
        {
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw SafeFile.Unwritable(path, e);
        }
    }

    /// <summary>Forgets a task that is no longer in the ledger, unless another watch has it.</summary>
    public void Forget(RemoteTask task)
    {
        try
        {
            File.Delete(PathOf(task));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // A small file that means nothing to any other task.
        }
    }

    private string PathOf(RemoteTask task) => Path.Combine(_folder, Ledger.FileOf(task.Id, task.HostName));

    private static string NameOf(RemoteTask task) => $"{Ledger.FileOf(task.Id, task.HostName)} {WatchRecord.Stamp(task)}";
}

/// <summary>A task that this watch has to itself.</summary>
internal sealed class WatchClaim : IDisposable
{
    private readonly FileStream _file;
    private readonly RemoteTask _task;

    public WatchClaim(FileStream file, RemoteTask task)
    {
        (_file, _task) = (file, task);
        var content = new byte[_file.Length];
        _file.ReadExactly(content);
        Record = WatchRecord.Read(content, task);
    }

    /// <summary>What was done until now.</summary>
    public WatchRecord Record { get; private set; }

    /// <summary>Writes down what is done now.</summary>
    /// <exception cref="DispatchException"><see cref="FailureReason.LocalFile"/>.</exception>
    public void Save(WatchRecord record)
    {
        try
        {
            var content = record.Write(_task);
            _file.Position = 0;
            _file.Write(content);
            _file.SetLength(content.Length);
            _file.Flush(flushToDisk: record.IsAnnounced);
            Record = record;
        }
        catch (IOException e)
        {
            throw SafeFile.Unwritable(_file.Name, e);
        }
    }

    public void Dispose() => _file.Dispose();
}
