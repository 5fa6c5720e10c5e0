using System.Text.Json;

namespace RemoteDispatch.Tasks;

/// <summary>
/// The local record of the tasks that were sent from here: one small JSON file per task, replaced whole. It is a cache and an
/// index; the truth is in the workspaces.
/// </summary>
/// <param name="folder">The folder of the files; it need not be there yet.</param>
public sealed class Ledger(string folder)
{
    private const string Extension = ".json";

    // Between the id and the host's name: it can stand in neither.
    private const char Separator = '~';

    /// <summary>The ledger of this user.</summary>
    public static Ledger OfUser => new(Path.Combine(UserFolders.State, "tasks"));

    /// <summary>The folder of the files.</summary>
    public string Folder { get; } = folder;

    /// <summary>Writes down what is known of a task.</summary>
    /// <exception cref="DispatchException"><see cref="FailureReason.LocalFile"/>.</exception>
    public void Write(RemoteTask task) => SafeFile.Write(PathOf(task.Id, task.HostName), LedgerEntry.Write(task));

    /// <summary>All tasks, oldest first. A file that cannot be read is passed over and told to <paramref name="damaged"/>.</summary>
    public IEnumerable<RemoteTask> List(Action<DispatchException>? damaged = null) =>
        Read("*", damaged).OrderBy(t => t.Dispatched ?? t.Started);

    /// <summary>The tasks of that id, on whichever hosts.</summary>
    public IEnumerable<RemoteTask> Find(string id, Action<DispatchException>? damaged = null) =>
        TaskId.TryParse(id, out _) ? Read(id + Separator + "*", damaged).Where(t => t.Id == id) : [];

    /// <summary>
    /// The newest tasks whose ids begin so, newest first, for a completion: only their files are read, however many there are. By
    /// the time in a generated id, else by the file's own.
    /// </summary>
    /// <param name="prefix">How the ids begin, in any case.</param>
    /// <param name="count">At most so many.</param>
    public IReadOnlyList<RemoteTask> Newest(string prefix, int count)
    {
        if (!Directory.Exists(Folder))
            return [];
        var paths = Directory.GetFiles(Folder, "*" + Extension)
            .Where(p => Path.GetFileName(p.AsSpan()).StartsWith(prefix, StringComparison.OrdinalIgnoreCase) && p.Contains(Separator, StringComparison.Ordinal));
        var newest = paths.Select(p => (Path: p, Time: TaskId.TimeOf(Path.GetFileName(p)) ?? File.GetLastWriteTimeUtc(p)))
            .OrderByDescending(f => f.Time).ThenByDescending(f => f.Path, StringComparer.Ordinal).Take(count);
        return [.. ReadFiles(newest.Select(f => f.Path), null).OrderByDescending(t => t.Dispatched ?? t.Started)];
    }

    /// <summary>The tasks whose ids begin so, on whichever hosts.</summary>
    internal IEnumerable<RemoteTask> Beginning(string prefix) =>
        TaskId.TryParse(prefix, out _) ? Read(prefix + "*", null).Where(t => t.Id.StartsWith(prefix, StringComparison.Ordinal)) : [];

    /// <summary>One task, or null.</summary>
    public RemoteTask? Find(string id, string host) => File.Exists(PathOf(id, host)) ? ReadFile(PathOf(id, host)) : null;

    /// <summary>Forgets a task.</summary>
    /// <exception cref="DispatchException"><see cref="FailureReason.LocalFile"/>.</exception>
    public void Forget(RemoteTask task)
    {
        try
        {
            File.Delete(PathOf(task.Id, task.HostName));
        }
        catch (DirectoryNotFoundException)
        {
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw SafeFile.Unwritable(PathOf(task.Id, task.HostName), e);
        }
    }

    private IEnumerable<RemoteTask> Read(string pattern, Action<DispatchException>? damaged) =>
        Directory.Exists(Folder) ? ReadFiles(Directory.GetFiles(Folder, pattern + Extension).Order(StringComparer.Ordinal), damaged) : [];

    private static IEnumerable<RemoteTask> ReadFiles(IEnumerable<string> paths, Action<DispatchException>? damaged)
    {
        foreach (var path in paths)
        {
            RemoteTask? task = null;
            try
            {
                task = ReadFile(path);
            }
            catch (DispatchException e)
            {
                damaged?.Invoke(e);
            }

            if (task is not null)
                yield return task;
        }
    }

    /// <summary>Reads one file; null where it went in between.</summary>
    internal static RemoteTask? ReadFile(string path)
    {
        try
        {
            return LedgerEntry.Read(File.ReadAllBytes(path));
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
        catch (Exception e) when (e is JsonException or FormatException or InvalidOperationException or ArgumentException or DispatchException)
        {
            throw new DispatchException(
                FailureReason.DamagedFile, $"The ledger's file '{path}' cannot be read: {e.Message}",
                "Remove the file; the task itself is found again with Get-RemoteTask -HostName or 'rdispatch list --host'.", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new DispatchException(FailureReason.LocalFile, $"The ledger's file '{path}' cannot be read: {e.Message}", "Check its owner and permissions.", e);
        }
    }

    /// <summary>The name of a task's file.</summary>
    internal static string FileOf(string id, string host) => $"{TaskId.Parse(id)}{Separator}{FileNames.Escape(host)}{Extension}";

    private string PathOf(string id, string host) => Path.Combine(Folder, FileOf(id, host));
}
