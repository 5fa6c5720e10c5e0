namespace RemoteDispatch.Core.Tests.Connections;

/// <summary>A double of a channel's stream: each read gives at most one of the given pieces, and then the stream ends.</summary>
internal sealed class PiecewiseStreamDouble(IEnumerable<ReadOnlyMemory<byte>> pieces) : Stream
{
    private readonly IEnumerator<ReadOnlyMemory<byte>> _pieces = pieces.Where(p => p.Length > 0).GetEnumerator();
    private ReadOnlyMemory<byte> _rest;

    /// <summary>The most room that a reader has ever offered: its buffer is no smaller.</summary>
    public int LargestRead { get; private set; }

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    public override int Read(byte[] buffer, int offset, int count)
    {
        Assert.True(count > 0, "A read without room would be taken for the end.");
        LargestRead = Math.Max(LargestRead, count);
        if (_rest.Length == 0 && _pieces.MoveNext())
            _rest = _pieces.Current;
        var given = Math.Min(count, _rest.Length);
        _rest[..given].CopyTo(buffer.AsMemory(offset));
        _rest = _rest[given..];
        return given;
    }

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var room = new byte[buffer.Length];
        var read = Read(room, 0, room.Length);
        room.AsMemory(0, read).CopyTo(buffer);
        return ValueTask.FromResult(read);
    }

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}
