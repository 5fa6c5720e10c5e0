namespace RemoteDispatch;

/// <summary>Files that are whole or not there: written beside their place, then renamed into it.</summary>
internal static class SafeFile
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private static readonly TimeSpan LockPatience = TimeSpan.FromSeconds(30);

    /// <summary>Replaces a file's content in one step. A link is followed, so that a linked dotfile stays linked.</summary>
    /// <param name="path">The file.</param>
    /// <param name="content">What it is to hold.</param>
    /// <param name="replace">May a file be there already?</param>
    /// <exception cref="DispatchException"><see cref="FailureReason.LocalFile"/>: the file cannot be written.</exception>
    public static void Write(string path, ReadOnlySpan<byte> content, bool replace = true)
    {
        try
        {
            CreateFolder(Path.GetDirectoryName(Path.GetFullPath(path))!);
            var target = new FileInfo(path).LinkTarget is null ? path : File.ResolveLinkTarget(path, returnFinalTarget: true)!.FullName;
            var draft = $"{target}.{Environment.ProcessId}-{Guid.NewGuid():N}.new";
            try
            {
                using (var stream = Create(draft))
                {
                    stream.Write(content);
                    stream.Flush(flushToDisk: true);
                }

                if (!OperatingSystem.IsWindows() && File.Exists(target))
                    File.SetUnixFileMode(draft, File.GetUnixFileMode(target));

                File.Move(draft, target, replace);
            }
            catch
            {
                File.Delete(draft);
                throw;
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Unwritable(path, e);
        }
    }

    /// <summary>Creates a folder that only its owner can enter, where it is not there yet.</summary>
    public static void CreateFolder(string path)
    {
        if (OperatingSystem.IsWindows())
            Directory.CreateDirectory(path);
        else
            Directory.CreateDirectory(path, OwnerOnly | UnixFileMode.UserExecute);
    }

    /// <summary>Opens a new file that only its owner can read.</summary>
    public static FileStream Create(string path)
    {
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, Share = FileShare.Read };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = OwnerOnly;
        return new FileStream(path, options);
    }

    /// <summary>Waits for the lock beside a file: an open handle that shares with nobody. It goes with the process that holds it, whatever ends that.</summary>
    public static async Task<FileStream> LockAsync(string path, TimeProvider time, CancellationToken cancellationToken)
    {
        var place = path + ".lock";
        var start = time.GetTimestamp();
        while (true)
        {
            try
            {
                CreateFolder(Path.GetDirectoryName(Path.GetFullPath(path))!);
                return new FileStream(place, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException e) when (e.GetType() == typeof(IOException))
            {
                if (time.GetElapsedTime(start) > LockPatience)
                {
                    throw new DispatchException(
                        FailureReason.LocalFile, $"Another process has held '{place}' for {LockPatience.TotalSeconds} seconds: {e.Message}",
                        "End that process, then try again.", e);
                }

                await Task.Delay(TimeSpan.FromMilliseconds(Random.Shared.Next(2, 20)), time, cancellationToken).ConfigureAwait(false);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                throw Unwritable(place, e);
            }
        }
    }

    /// <summary>The failure that says that a file of this machine cannot be written.</summary>
    public static DispatchException Unwritable(string path, Exception cause) => new(
        FailureReason.LocalFile, $"'{path}' cannot be written: {cause.Message}", "Check the folder's owner, its permissions and the free space.", cause);
}
