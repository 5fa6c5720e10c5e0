namespace RemoteDispatch.Tasks;

/// <summary>What keeps a task alive on its host when the connection ends.</summary>
public enum TaskRunner
{
    /// <summary>
    /// As <see cref="Session"/>. Where the host would end a login's processes at logout, in a scope of the user's own systemd
    /// manager; where that cannot be had either, the task is refused.
    /// </summary>
    Auto,

    /// <summary>A session of its own, without a terminal.</summary>
    Session,

    /// <summary>A tmux server of its own, so that one can attach to the task, type, and leave again.</summary>
    Tmux,

    /// <summary>A scope of the user's own systemd manager, whatever the host does at logout. The user has to linger.</summary>
    Systemd,
}
