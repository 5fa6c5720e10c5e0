using System.Buffers.Binary;
using System.IO.Pipes;
using System.Net.Sockets;

namespace RemoteDispatch.Connections;

/// <summary>
/// The SSH agent of this machine, asked for nothing but how many keys it holds. Source: draft-ietf-sshm-ssh-agent, sections 3 and 3.5:
/// a message is a 32-bit length, a type and its content.
/// </summary>
internal static class SshAgent
{
    private const byte RequestIdentities = 11;
    private const byte IdentitiesAnswer = 12;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    /// <summary>How many keys the agent offers; null where no agent answers.</summary>
    /// <param name="socket">Its socket, where ssh_config names one; else <c>SSH_AUTH_SOCK</c>, or the pipe of Windows' own agent.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public static async Task<int?> CountKeysAsync(string? socket, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Patience);
        try
        {
            var stream = await OpenAsync(socket ?? Environment.GetEnvironmentVariable("SSH_AUTH_SOCK"), limit.Token).ConfigureAwait(false);
            if (stream is null)
                return null;
            await using (stream.ConfigureAwait(false))
            {
                await stream.WriteAsync(new byte[] { 0, 0, 0, 1, RequestIdentities }, limit.Token).ConfigureAwait(false);
                // Length, type, and the number of keys; the keys themselves are of no interest here.
                var head = new byte[9];
                await stream.ReadExactlyAsync(head, limit.Token).ConfigureAwait(false);
                return head[4] == IdentitiesAnswer ? (int)Math.Min(BinaryPrimitives.ReadUInt32BigEndian(head.AsSpan(5)), 10_000) : null;
            }
        }
        catch (Exception e) when (e is IOException or SocketException or UnauthorizedAccessException or ArgumentException
            || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            return null;
        }
    }

    private static async Task<Stream?> OpenAsync(string? place, CancellationToken cancellationToken)
    {
        if (OperatingSystem.IsWindows() && (string.IsNullOrEmpty(place) || place.StartsWith(@"\\.\pipe\", StringComparison.OrdinalIgnoreCase)))
        {
            var pipe = new NamedPipeClientStream(".", string.IsNullOrEmpty(place) ? "openssh-ssh-agent" : place[@"\\.\pipe\".Length..], PipeDirection.InOut, PipeOptions.Asynchronous);
            await pipe.ConnectAsync(cancellationToken).ConfigureAwait(false);
            return pipe;
        }

        if (string.IsNullOrEmpty(place))
            return null;
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(place), cancellationToken).ConfigureAwait(false);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
