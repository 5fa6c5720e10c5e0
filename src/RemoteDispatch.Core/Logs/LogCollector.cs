using System.Globalization;
using RemoteDispatch.Credentials;
using RemoteDispatch.Hosts;

namespace RemoteDispatch.Logs;

/// <summary>Copies logs to this machine: whole, or not at all.</summary>
internal sealed class LogCollector(LogReader reader, string folder)
{
    /// <summary>Fetches a log as it is now.</summary>
    /// <param name="host">The host.</param>
    /// <param name="id">The task.</param>
    /// <param name="started">When the task started: it is in the file's name, since a given id may be used again after a clean-up.</param>
    /// <param name="path">The file to write; null for its place in the folder of collected logs.</param>
    /// <param name="secrets">What is masked in the copy.</param>
    /// <param name="cancellationToken">Ends it; nothing is left behind.</param>
    /// <returns>The file.</returns>
    /// <exception cref="DispatchException">The host cannot be reached, or the file cannot be written.</exception>
    public async Task<string> CollectAsync(DispatchHost host, string id, DateTimeOffset? started, string? path, IReadOnlyList<CredentialGrant> secrets, CancellationToken cancellationToken)
    {
        var target = path ?? Path.Combine(folder, PlaceOf(host, id, started));
        var draft = $"{target}.{Environment.ProcessId}-{Guid.NewGuid():N}.part";
        try
        {
            SafeFile.CreateFolder(Path.GetDirectoryName(Path.GetFullPath(target))!);
            var file = SafeFile.Create(draft);
            await using (file.ConfigureAwait(false))
            {
                await foreach (var part in reader.ReadAsync(host, id, new LogStart(0), follow: false, secrets, cancellationToken).ConfigureAwait(false))
                    await file.WriteAsync(part.Bytes, cancellationToken).ConfigureAwait(false);
            }

            File.Move(draft, target, overwrite: true);
            return target;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw SafeFile.Unwritable(target, e);
        }
        finally
        {
            if (File.Exists(draft))
                File.Delete(draft);
        }
    }

    /// <summary>A log's place in a folder of logs: <c>HOST/ID.STARTED.log</c>.</summary>
    public static string PlaceOf(DispatchHost host, string id, DateTimeOffset? started)
    {
        var stamp = started is { } time ? time.UtcDateTime.ToString("'.'yyyyMMdd'T'HHmmss", CultureInfo.InvariantCulture) : "";
        return Path.Combine(FileNames.Escape(host.Name), $"{id}{stamp}.log");
    }
}
