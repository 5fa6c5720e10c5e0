using System.Globalization;
using RemoteDispatch.Credentials;
using RemoteDispatch.Hosts;
using RemoteDispatch.Workspaces;

namespace RemoteDispatch.Logs;

/// <summary>A log to be copied.</summary>
internal sealed record CopyOrder(CopyOwner Owner)
{
    /// <summary>The very file to write; null for a place in <see cref="Folder"/>.</summary>
    public string? Path { get; init; }

    /// <summary>The folder of the copies; null for that of the collected logs.</summary>
    public string? Folder { get; init; }

    /// <summary>What is masked in the copy.</summary>
    public IReadOnlyList<CredentialGrant> Secrets { get; init; } = [];

    /// <summary>The host's very bytes: a copy in which anything is masked does not do.</summary>
    public bool IsExact { get; init; }

    /// <summary>Replace whatever is there, and fetch all of it.</summary>
    public bool Force { get; init; }

    /// <summary>A copy that is complete, as far as is known here, need not be asked for.</summary>
    public bool TrustsComplete { get; init; }

    public TaskFile File => Owner.File;
}

/// <summary>What became of it.</summary>
/// <param name="Path">The copy.</param>
/// <param name="Length">How long it is.</param>
/// <param name="Fetched">How many bytes of the log were read for it.</param>
/// <param name="Carried">How many the connection carried for them.</param>
internal sealed record CollectedLog(string Path, long Length, long Fetched, long Carried);

/// <summary>
/// Copies logs to this machine: whole and proven by their SHA-256, or not at all. A copy that is there is extended by what is new. No file
/// is ever replaced that is another task's, or that nobody here knows.
/// </summary>
internal sealed class LogCollector(WorkspaceClient workspaces, string folder)
{
    // Of the names in a folder, tried in turn.
    private const int MostNames = 100;

    /// <summary>Copies a log as it is now.</summary>
    /// <exception cref="DispatchException">The host cannot be reached, the file cannot be written, or it belongs to another task.</exception>
    public async Task<CollectedLog> CollectAsync(CopyOrder order, CancellationToken cancellationToken)
    {
        var target = "";
        try
        {
            for (var number = 1; number <= MostNames; number++)
            {
                target = order.Path ?? Path.Combine(order.Folder ?? folder, PlaceOf(order.File.Host, order.File.Id, order.Owner.Started, order.File.What, number));
                if (await CollectAsync(order, target, cancellationToken).ConfigureAwait(false) is { } done)
                    return done;
                if (order.Path is not null)
                    break;
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw SafeFile.Unwritable(target, e);
        }

        throw new DispatchException(
            FailureReason.LocalFile, $"'{target}' is there already, and is no copy of the log that the task '{order.File.Id}' has on host '{order.File.Host.Name}'.",
            "Name another file, or say that this one may be replaced (-Force, --force).") { Host = order.File.Host.Name, TaskId = order.File.Id };
    }

    /// <summary>Is a file a copy of all that this log will ever be?</summary>
    public static async Task<bool> IsAllAsync(CopyOrder order, string path, CancellationToken cancellationToken)
    {
        try
        {
            if (CopyRecord.Read(path, order.File) is not { } record || !record.IsAllOf(order.Owner))
                return false;
            using var copy = await LogCopy.OpenAsync(path, order.Secrets, cancellationToken).ConfigureAwait(false);
            return Fits(order, copy, record);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    /// <summary>A log's place in a folder of logs: <c>HOST/ID.STARTED.log</c>; where that is another's, <c>HOST/ID.STARTED.2.log</c>.</summary>
    public static string PlaceOf(DispatchHost host, string id, DateTimeOffset? started, FeedWhat what = FeedWhat.Log, int number = 1)
    {
        var stamp = started is { } time ? time.UtcDateTime.ToString("'.'yyyyMMdd'T'HHmmss", CultureInfo.InvariantCulture) : "";
        var which = number > 1 ? string.Create(CultureInfo.InvariantCulture, $".{number}") : "";
        return Path.Combine(FileNames.Escape(host.Name), $"{id}{stamp}{which}{(what == FeedWhat.Error ? ".error" : "")}.log");
    }

    private static bool Fits(CopyOrder order, LogCopy copy, CopyRecord record) =>
        copy.Length == record.Length && copy.Sha256 == record.Sha256 && copy.IsMasked && (record.IsExact || !order.IsExact);

    /// <summary>Null where another's file is in that place.</summary>
    private async Task<CollectedLog?> CollectAsync(CopyOrder order, string target, CancellationToken cancellationToken)
    {
        SafeFile.CreateFolder(Path.GetDirectoryName(Path.GetFullPath(target))!);
        if (order.Force || !File.Exists(target))
            return await FetchWholeAsync(order, target, mayReplace: order.Force, cancellationToken).ConfigureAwait(false);
        var record = CopyRecord.Read(target, order.File);
        if (record?.IsOf(order.Owner) == false)
            return null;
        using var copy = await LogCopy.OpenAsync(target, order.Secrets, cancellationToken).ConfigureAwait(false);
        if (record is null || Fits(order, copy, record))
        {
            if (order.TrustsComplete && record?.IsAllOf(order.Owner) == true)
                return new CollectedLog(target, copy.Length, 0, 0);
            // What is masked in a copy, nothing here can compare with the host: such a log is fetched whole as long as it grows.
            var begins = record is { IsExact: false } ? null : await HasAsync(order, copy.Parts, cancellationToken).ConfigureAwait(false);
            // Nobody knows whose it is, or it is a good copy of what the host has no longer: neither is thrown away. But what is the beginning
            // of this very log is lost to nobody when more of it takes its place.
            if (begins == false || (begins is null && record is null))
                return null;
            if (begins == true && copy.IsMasked && await ExtendOrNotAsync(order, target, copy, cancellationToken).ConfigureAwait(false) is { } done)
                return done;
        }

        return await FetchWholeAsync(order, target, mayReplace: true, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Has the host's log what was copied? Null where the host cannot tell.</summary>
    private async Task<bool?> HasAsync(CopyOrder order, IReadOnlyList<HashedPart> parts, CancellationToken cancellationToken)
    {
        using var proof = new LogProof(workspaces, order.File, 0);
        return parts.Count == 0 ? true : await proof.HasAsync(parts, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Null where what came was not what the host has: then it is fetched once more, from the beginning.</summary>
    private async Task<CollectedLog?> ExtendOrNotAsync(CopyOrder order, string target, LogCopy copy, CancellationToken cancellationToken)
    {
        try
        {
            return await FetchAsync(order, target, copy, mayReplace: true, cancellationToken).ConfigureAwait(false);
        }
        catch (DispatchException e) when (e.Reason == FailureReason.UnexpectedReply)
        {
            return null;
        }
    }

    private async Task<CollectedLog?> FetchWholeAsync(CopyOrder order, string target, bool mayReplace, CancellationToken cancellationToken)
    {
        try
        {
            try
            {
                return await FetchAsync(order, target, null, mayReplace, cancellationToken).ConfigureAwait(false);
            }
            catch (DispatchException e) when (e.Reason == FailureReason.UnexpectedReply)
            {
                // Once more from the beginning, before somebody is told.
                return await FetchAsync(order, target, null, mayReplace, cancellationToken).ConfigureAwait(false);
            }
        }
        catch (IOException) when (!mayReplace && File.Exists(target))
        {
            // It came meanwhile: whose is it?
            return await CollectAsync(order, target, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Fetches what stands behind a copy, or all of it.</summary>
    private async Task<CollectedLog> FetchAsync(
        CopyOrder order, string target, LogCopy? copy, bool mayReplace, CancellationToken cancellationToken)
    {
        // A secret that was printed in two halves, between two collections, is masked when it is whole: so much of the copy is made anew.
        var kept = new LogMask(order.Secrets, copy?.Length ?? 0).ReadFrom;
        var mask = new LogMask(order.Secrets, kept);
        using var proof = new LogProof(workspaces, order.File, mask.ReadFrom);
        var fetch = new LogFetch(workspaces, order.File, proof);
        var draft = new CopyDraft(target);
        await using (draft.ConfigureAwait(false))
        {
            WorkspaceState state = new Absent();
            var held = new List<LogPart>();
            await foreach (var part in fetch.ReadAsync(mask, cancellationToken).ConfigureAwait(false))
            {
                state = part.State;
                held.Add(part);
                if (copy is not null && mask.ReadFrom + fetch.Read <= copy.Length)
                    continue;
                // There is something new.
                if (copy is not null && draft.Length == 0)
                    await draft.TakeOverAsync(copy, kept, cancellationToken).ConfigureAwait(false);
                foreach (var piece in held)
                    await draft.AddAsync(piece.Bytes, cancellationToken).ConfigureAwait(false);
                held.Clear();
            }

            // Once more, since a workspace may have been removed and its id used again while this was read.
            if (copy is not null && await HasAsync(order, copy.Parts.TakeLast(1).ToArray(), cancellationToken).ConfigureAwait(false) == false)
                throw proof.Differs();
            var length = mask.ReadFrom + fetch.Read;
            var found = new CopyRecord
            {
                Owner = order.Owner with { Finished = (state as Ended)?.Finished ?? order.Owner.Finished },
                IsComplete = state is Ended or Lost,
                IsExact = !mask.HasMasked,
                IsProven = proof.IsProven,
                Length = length,
                Sha256 = copy is not null && length == copy.Length
                    ? copy.Sha256 : await draft.PublishAsync(mayReplace, cancellationToken).ConfigureAwait(false),
            };
            found.Write(target);
            if (!proof.IsProven)
                Tell(order);
            return new CollectedLog(target, found.Length, fetch.Read, fetch.Carried);
        }
    }

    private void Tell(CopyOrder order) => workspaces.Options.Observer?.Invoke(new WorkStep(
        order.File.Host.Name, "log_unproven", TimeSpan.Zero, $"task={order.File.Id} the host has neither sha256sum, shasum nor openssl"));
}
