# What each file's BeforeAll dot-sources: a sandbox of its own, the module, the fleet's hosts, and words to wait with.
# RunPester.ps1 says where things are.

if (-not $env:RD_PESTER_ROOT) { throw 'Run the suite with tests/Pester/RunPester.ps1: it starts the hosts.' }

$Sandbox = Join-Path $env:RD_PESTER_ROOT ([guid]::NewGuid().ToString('n').Substring(0, 8))
$null = New-Item -ItemType Directory "$Sandbox/home", "$Sandbox/files"
$env:REMOTE_DISPATCH_HOSTS_FILE = "$Sandbox/hosts.json"
$env:REMOTE_DISPATCH_STATE_DIR = "$Sandbox/state"
$env:REMOTE_DISPATCH_LOG_DIR = "$Sandbox/logs"
# Tasks on this machine live below HOME: it is the sandbox's, before anything starts a shell.
$env:HOME = "$Sandbox/home"
$env:SHELL = '/bin/sh'
$Workspaces = "$Sandbox/home/.remote-dispatch/tasks"

Import-Module $env:RD_PESTER_MODULE

$FleetHosts = $env:RD_PESTER_FLEET ? @((ConvertFrom-Json $env:RD_PESTER_FLEET).hosts) : @()

function Clear-Sandbox {
    # Nothing that a test started on this machine outlives its file, whichever session sent it. The fleet's own end does the rest.
    if ($IsWindows) { return }
    Get-RemoteTask -HostName local -State Running, Pending -ErrorAction Ignore | Stop-RemoteTask -Force -Grace 0 -ErrorAction Ignore
}

function Add-Fleet {
    # The fleet's hosts, h1 to h3, in the inventory.
    foreach ($one in $FleetHosts) { Add-DispatchHost $one.name $one.address -Capability 'fleet' -Force }
}

function Use-NewSession {
    # Another state folder is another session: an empty ledger, and no open connection.
    $env:REMOTE_DISPATCH_STATE_DIR = Join-Path $Sandbox ([guid]::NewGuid().ToString('n').Substring(0, 8))
}

function Wait-Until([scriptblock] $Condition, [int] $Seconds = 60) {
    $clock = [System.Diagnostics.Stopwatch]::StartNew()
    while (-not (& $Condition)) {
        if ($clock.Elapsed.TotalSeconds -gt $Seconds) { throw "Not true within $Seconds seconds: $Condition" }
        Start-Sleep -Milliseconds 20
    }
}

function New-FileName {
    # A file that is not there yet. Hosts of the fleet share this machine's disk.
    Join-Path "$Sandbox/files" ([guid]::NewGuid().ToString('n').Substring(0, 8))
}

function New-Gate {
    # A task that runs Wait in its command goes on when Open was called; after half a minute it gives up, and nothing hangs.
    $file = New-FileName
    $gate = [pscustomobject]@{ File = $file; Wait = "{ n=0; until [ -e '$file' ]; do n=`$((n + 1)); [ `$n -lt 500 ] || exit 99; sleep 0.05; done; }" }
    $gate | Add-Member -PassThru ScriptMethod Open { $null = New-Item $this.File }
}

function Get-ConnectionCount([string] $Name) {
    # How many connections the host's sshd has let in, by its own log.
    $log = ($FleetHosts | Where-Object name -EQ $Name).log
    @(Select-String -LiteralPath $log -SimpleMatch 'Accepted publickey for ').Count
}

function Get-ClosedPort {
    # The address of a host that is up, and has nothing that listens.
    $listener = [System.Net.Sockets.TcpListener]::new([System.Net.IPAddress]::Loopback, 0)
    $listener.Start()
    $port = $listener.LocalEndpoint.Port
    $listener.Stop()
    "ssh://nobody@127.0.0.1:$port"
}

function Test-Process([int] $Id) {
    # A process that has ended and waits for its parent's word is none.
    $process = Get-Process -Id $Id -ErrorAction Ignore
    if (-not $process) { return $false }
    $stat = "/proc/$Id/stat"
    -not (Test-Path $stat) -or ((Get-Content $stat -Raw -ErrorAction Ignore) -split '\) ')[-1] -notmatch '^[ZX]'
}

function Start-Pipeline([string] $Script, [hashtable] $With = @{}) {
    # Runs a script in a runspace of its own, as a second prompt would: its Output grows, and Stop-Pipeline is Ctrl-C.
    $shell = [powershell]::Create()
    $null = $shell.AddScript("param(`$With) Import-Module '$env:RD_PESTER_MODULE'; $Script").AddParameter('With', $With)
    $nothing = [System.Management.Automation.PSDataCollection[psobject]]::new()
    $nothing.Complete()
    $output = [System.Management.Automation.PSDataCollection[psobject]]::new()
    [pscustomobject]@{ Shell = $shell; Output = $output; Handle = $shell.BeginInvoke[psobject, psobject]($nothing, $output) }
}

function Stop-Pipeline($Pipeline) {
    # Ctrl-C. Gives the time that it took.
    $Pipeline.Shell.InvocationStateInfo.State | Should -Be 'Running' -Because 'what has ended cannot be stopped'
    $clock = [System.Diagnostics.Stopwatch]::StartNew()
    # Not Stop(): it would wait for ever for what does not hear.
    $stop = $Pipeline.Shell.BeginStop($null, $null)
    $stop.AsyncWaitHandle.WaitOne(10000) | Should -BeTrue -Because 'Ctrl-C ends a pipeline'
    $took = $clock.Elapsed
    $Pipeline.Shell.InvocationStateInfo.State | Should -Be 'Stopped'
    $Pipeline.Shell.Dispose()
    $took
}

function Complete-Pipeline($Pipeline, [int] $Seconds = 60) {
    # Waits for its end and gives its output.
    $Pipeline.Handle.AsyncWaitHandle.WaitOne($Seconds * 1000) | Should -BeTrue -Because 'the pipeline ends by itself'
    $null = $Pipeline.Shell.EndInvoke($Pipeline.Handle)
    $Pipeline.Output
    $Pipeline.Shell.Dispose()
}

function Invoke-OtherProcess([string] $Script) {
    # The same in another pwsh: it shares the files with this one, and nothing else.
    $pwsh = (Get-Process -Id $PID).Path
    $text = "Import-Module '$env:RD_PESTER_MODULE'; $Script"
    & $pwsh -NoProfile -NonInteractive -EncodedCommand ([Convert]::ToBase64String([System.Text.Encoding]::Unicode.GetBytes($text)))
}

function Start-SshAgent {
    # A real agent with a key of its own, for this session, until Stop-SshAgent.
    $before = $env:SSH_AUTH_SOCK
    $env:SSH_AUTH_SOCK = "$Sandbox/agent"
    $process = Start-Process ssh-agent -ArgumentList '-D', '-a', $env:SSH_AUTH_SOCK -PassThru -RedirectStandardOutput "$Sandbox/agent.out" -RedirectStandardError "$Sandbox/agent.err"
    Wait-Until { Get-Content "$Sandbox/agent.out" }
    ssh-keygen -q -t ed25519 -N '' -f "$Sandbox/agent-key"
    ssh-add -q "$Sandbox/agent-key" 2>$null
    @{ Process = $process; Before = $before }
}

function Stop-SshAgent($Agent) {
    $Agent.Process.Kill()
    $env:SSH_AUTH_SOCK = $Agent.Before
}

function Add-DoubleAgent([string] $Name = 'double', [string[]] $InHome = $env:HOME) {
    # An agent of the user's own: a double of Claude Code that keeps its words and its prompt in the task's folder and prints what Claude Code
    # prints. The variable DOUBLE says how it ends.
    $script = @(
        '#!/bin/sh'
        '# double-agent: the double of an AI agent.'
        '[ "${1-}" != --version ] || { echo "1.2.3 (double)"; exit 0; }'
        'printf ''%s\n'' "$@" >"$REMOTE_DISPATCH_WORKSPACE/double.words"'
        'cat >"$REMOTE_DISPATCH_WORKSPACE/double.prompt"'
        'size=$(wc -c <"$REMOTE_DISPATCH_WORKSPACE/double.prompt" | tr -d " ") session=none'
        'for word; do case $word in --session-id=* | --resume=*) session=${word#*=} ;; esac; done'
        'say() { printf ''%s\n'' "{\"type\":\"$1\",\"subtype\":\"$2\",\"session_id\":\"$session\"$3}"; }'
        'say system init ",\"model\":\"double-1\""'
        'case ${DOUBLE-} in'
        '  blocked) rd blocked "which stage?" ;;'
        '  turns) say result error_max_turns ",\"is_error\":true"; exit 1 ;;'
        '  crash) echo "no such luck" >&2; exit 3 ;;'
        '  sleep) sleep 300 ;;'
        '  tell) say result success ",\"is_error\":false,\"result\":\"the key is $KEY_OF_DOUBLE\""; exit ;;'
        'esac'
        'say result success ",\"is_error\":false,\"num_turns\":2,\"total_cost_usd\":0.25,\"result\":\"read $size bytes\\nin $PWD\",\"usage\":{\"input_tokens\":10,\"output_tokens\":5}"'
    ) -join "`n"
    foreach ($one in $InHome) {
        $null = New-Item -ItemType Directory "$one/.local/bin" -Force
        Set-Content "$one/.local/bin/double-agent" $script
        chmod +x "$one/.local/bin/double-agent"
    }
    $folder = Join-Path (Split-Path $env:REMOTE_DISPATCH_HOSTS_FILE) 'agents'
    $null = New-Item -ItemType Directory $folder -Force
    @{ agents = @(@{ name = $Name; like = 'claude'; program = 'double-agent' }) } | ConvertTo-Json -Depth 4 | Set-Content "$folder/$Name.json"
}

function Get-Completion([string] $Line) {
    (TabExpansion2 $Line $Line.Length).CompletionMatches
}
