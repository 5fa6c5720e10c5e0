using RemoteDispatch.Connections;
using RemoteDispatch.Hosts;

namespace RemoteDispatch.Tasks;

public sealed partial class Dispatcher
{
    /// <summary>
    /// Asks a host which key it shows. Nothing is trusted by asking: that takes an entry of the inventory with the key's fingerprint
    /// (<see cref="DispatchHost.HostKeyFingerprint"/>).
    /// </summary>
    /// <param name="host">The host.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="DispatchException">
    /// The host cannot be reached; <see cref="FailureReason.InvalidInput"/>: it is not reached by ssh, and has no key.
    /// </exception>
    public async Task<HostKey> ReadHostKeyAsync(DispatchHost host, CancellationToken cancellationToken = default)
    {
        HostInventory.CheckPin(host, wantsKey: true);
        try
        {
            var key = await _workspaces.ReadHostKeyAsync(host, cancellationToken).ConfigureAwait(false);
            // The whole key, for the connect that will want it; without an entry that names it nobody looks at it.
            await new PinnedKeys(Options.Connections.KnownHostsFile, Options.Time).AddAsync(key, cancellationToken).ConfigureAwait(false);
            return key;
        }
        catch (DispatchException e)
        {
            throw e.About(host.Name, null);
        }
    }
}
