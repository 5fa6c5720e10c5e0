using RemoteDispatch.Credentials;

namespace RemoteDispatch.Logs;

/// <summary>
/// Masks secrets in a log that is read piece by piece. Where reading begins in the middle of a log, a secret may stand across that place:
/// so much is read before it as the longest one takes, and not shown.
/// </summary>
internal sealed class LogMask
{
    private readonly Redactor? _redactor;
    private readonly long _begin;
    private long _next;

    /// <param name="secrets">What is masked.</param>
    /// <param name="begin">The offset of the first byte that is to be shown.</param>
    public LogMask(IReadOnlyList<CredentialGrant> secrets, long begin)
    {
        _redactor = secrets.Count > 0 ? new Redactor(secrets) : null;
        _begin = begin;
        ReadFrom = _next = _redactor is null ? begin : Math.Max(0, begin - _redactor.Longest);
    }

    /// <summary>The offset of the first byte that is to be read.</summary>
    public long ReadFrom { get; }

    /// <summary>Was anything masked?</summary>
    public bool HasMasked => _redactor?.HasMasked == true;

    /// <summary>Takes the next bytes of the log.</summary>
    /// <returns>What can be shown by now, and the offset of its first byte.</returns>
    public (long Offset, ReadOnlyMemory<byte> Bytes) Show(ReadOnlyMemory<byte> bytes, bool isLast)
    {
        if (_redactor is not null)
            bytes = isLast ? new ReadOnlyMemory<byte>([.. _redactor.Add(bytes.Span), .. _redactor.Finish()]) : _redactor.Add(bytes.Span);
        var offset = _next;
        _next += bytes.Length;
        var hidden = (int)Math.Clamp(_begin - offset, 0, bytes.Length);
        return (offset + hidden, bytes[hidden..]);
    }
}
