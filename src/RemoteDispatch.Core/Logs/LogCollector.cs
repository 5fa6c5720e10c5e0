using System.Globalization;
using RemoteDispatch.Credentials;
using RemoteDispatch.Hosts;

namespace RemoteDispatch.Logs;

/// <summary>Copies logs to this machine: whole and proven by their SHA-256, or not at all.</summary>
internal sealed class LogCollector(LogReader reader, string folder, Action<WorkStep>? observer = null)
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
            try
            {
                await FetchAsync(host, id, draft, secrets, cancellationToken).ConfigureAwait(false);
            }
            catch (DispatchException e) when (e.Reason == FailureReason.UnexpectedReply)
            {
                // Once more from the beginning, before somebody is told.
                File.Delete(draft);
                await FetchAsync(host, id, draft, secrets, cancellationToken).ConfigureAwait(false);
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

    private async Task FetchAsync(DispatchHost host, string id, string draft, IReadOnlyList<CredentialGrant> secrets, CancellationToken cancellationToken)
    {
        using var proof = reader.ProofOf(host, id);
        var file = SafeFile.Create(draft);
        await using (file.ConfigureAwait(false))
        {
            await foreach (var part in reader.ReadProvenAsync(host, id, secrets, proof, cancellationToken).ConfigureAwait(false))
                await file.WriteAsync(part.Bytes, cancellationToken).ConfigureAwait(false);
        }

        if (!proof.IsProven)
            observer?.Invoke(new WorkStep(host.Name, "log_unproven", TimeSpan.Zero, $"task={id} the host has neither sha256sum, shasum nor openssl"));
    }

    /// <summary>A log's place in a folder of logs: <c>HOST/ID.STARTED.log</c>.</summary>
    public static string PlaceOf(DispatchHost host, string id, DateTimeOffset? started)
    {
        var stamp = started is { } time ? time.UtcDateTime.ToString("'.'yyyyMMdd'T'HHmmss", CultureInfo.InvariantCulture) : "";
        return Path.Combine(FileNames.Escape(host.Name), $"{id}{stamp}.log");
    }
}
