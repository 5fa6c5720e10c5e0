using System.Text.Json;

namespace RemoteDispatch.Tasks;

/// <summary>
/// The tasks of a ledger that wait for room on their hosts: a file for each, in the folder <c>waiting</c> of the ledger, that only its owner
/// can read. It is there as long as the task waits. Whoever starts a task or takes it out has the lock of its host's line meanwhile.
/// </summary>
internal sealed class WaitingLine(Ledger ledger, TimeProvider time)
{
    private const string Extension = ".json";
    private const string HoldExtension = ".held";

    private readonly string _folder = Path.Combine(ledger.Folder, "waiting");

    /// <summary>Puts a task into the line.</summary>
    /// <exception cref="DispatchException"><see cref="FailureReason.LocalFile"/>.</exception>
    public void Put(WaitingTask task) => SafeFile.Write(PathOf(task.Id, task.Host.Name), task.Write());

    /// <summary>Does it wait?</summary>
    public bool Has(string id, string host) => File.Exists(PathOf(id, host));

    /// <summary>Does anything wait?</summary>
    public bool IsEmpty(string host) => !Paths(host).Any();

    /// <summary>One that waits; null where it does not.</summary>
    /// <exception cref="DispatchException"><see cref="FailureReason.DamagedFile"/>, or it cannot be read.</exception>
    public WaitingTask? Find(string id, string host) => Read(PathOf(id, host));

    /// <summary>What waits for a host, in the order in which it was dispatched.</summary>
    /// <param name="host">The host's name.</param>
    /// <param name="damaged">Hears of a file that cannot be read.</param>
    public IReadOnlyList<WaitingTask> List(string host, Action<DispatchException> damaged)
    {
        var found = new List<WaitingTask>();
        foreach (var path in Paths(host))
        {
            try
            {
                if (Read(path) is { } task)
                    found.Add(task);
            }
            catch (DispatchException e)
            {
                damaged(e);
            }
        }

        return [.. found.OrderBy(t => t.Dispatched).ThenBy(t => t.Id, StringComparer.Ordinal)];
    }

    /// <summary>Takes a task out of the line.</summary>
    /// <returns>Whether it was there.</returns>
    public bool Take(string id, string host)
    {
        var path = PathOf(id, host);
        try
        {
            var isThere = File.Exists(path);
            File.Delete(path);
            return isThere;
        }
        catch (DirectoryNotFoundException)
        {
            return false;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw SafeFile.Unwritable(path, e);
        }
    }

    /// <summary>Waits for the lock of a host's line.</summary>
    public Task<FileStream> LockAsync(string host, CancellationToken cancellationToken) =>
        SafeFile.LockAsync(Path.Combine(_folder, FileNames.Escape(host)), time, cancellationToken);

    /// <summary>Takes the lock of a host's line; null where another process has it, or none can be taken.</summary>
    public FileStream? TryLock(string host) => Open(Path.Combine(_folder, FileNames.Escape(host) + ".lock"), FileOptions.None);

    /// <summary>The sign that this process holds the secrets of a task; null where another one does. It goes with the process.</summary>
    public FileStream? TryHold(string id, string host) => Open(Path.ChangeExtension(PathOf(id, host), HoldExtension), FileOptions.DeleteOnClose);

    private FileStream? Open(string path, FileOptions options)
    {
        try
        {
            SafeFile.CreateFolder(_folder);
            return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, 1, options);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private IEnumerable<string> Paths(string host) =>
        Directory.Exists(_folder) ? Directory.EnumerateFiles(_folder, "*" + Ledger.FileOf("x", host)[1..]) : [];

    private static WaitingTask? Read(string path)
    {
        try
        {
            return WaitingTask.Read(File.ReadAllBytes(path));
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
        catch (Exception e) when (e is JsonException or FormatException or InvalidOperationException or ArgumentException or DispatchException)
        {
            throw new DispatchException(
                FailureReason.DamagedFile, $"The waiting task in '{path}' cannot be read: {e.Message}", "Stop the task and dispatch it again, or remove the file.", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new DispatchException(FailureReason.LocalFile, $"The waiting task in '{path}' cannot be read: {e.Message}", "Check its owner and permissions.", e);
        }
    }

    private string PathOf(string id, string host) => Path.Combine(_folder, Ledger.FileOf(id, host));
}
