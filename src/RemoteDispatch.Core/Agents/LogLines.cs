namespace RemoteDispatch.Agents;

/// <summary>Takes the bytes of a log apart into lines, and keeps no more of them than the line that has begun.</summary>
/// <param name="longest">The longest line, in bytes; longer ones are passed over.</param>
internal sealed class LogLines(int longest)
{
    private byte[] _line = new byte[4096];
    private int _length;
    private bool _isTooLong;

    /// <summary>Hands on each line that has come to its end, without that.</summary>
    public void Read(ReadOnlySpan<byte> bytes, Action<ReadOnlyMemory<byte>> each)
    {
        while (bytes.IndexOf((byte)'\n') is >= 0 and var end)
        {
            Keep(bytes[..end]);
            bytes = bytes[(end + 1)..];
            Finish(each);
        }

        Keep(bytes);
    }

    /// <summary>Hands on what is left: a last line that has no end.</summary>
    public void Finish(Action<ReadOnlyMemory<byte>> each)
    {
        if (!_isTooLong && _length > 0)
            each(_line.AsMemory(0, _length));
        (_length, _isTooLong) = (0, false);
    }

    private void Keep(ReadOnlySpan<byte> part)
    {
        if (_isTooLong || _length + (long)part.Length > longest)
        {
            _isTooLong = true;
            return;
        }

        if (_length + part.Length > _line.Length)
            Array.Resize(ref _line, (int)Math.Min(longest, Math.Max(_length + part.Length, _line.Length * 2L)));
        part.CopyTo(_line.AsSpan(_length));
        _length += part.Length;
    }
}
