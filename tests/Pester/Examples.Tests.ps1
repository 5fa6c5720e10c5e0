# Runs what the documentation prints: each example of the cmdlets' help, and the PowerShell of the README, the topics and the
# guides. Examples name hosts and tasks; those that they name are prepared here, on the fleet.

BeforeAll {
    . "$PSScriptRoot/Setup.ps1"
    $root = Convert-Path "$PSScriptRoot/../.."
    # The other files of the run have hosts of their own.
    $optionsBefore = $env:REMOTE_DISPATCH_SSH_OPTS

    # What cannot run in a test, by a line that begins so, and why. What is listed and no longer printed is a failure.
    $exceptions = @{
        'Enter-RemoteTask'                   = 'needs a terminal'
        'Register-ScheduledTask'             = 'needs Windows Task Scheduler'
        'Import-DispatchHost -FromTailscale' = 'needs a tailnet'
    }

    function Initialize-GitHub {
        # The App of the examples, at a double of GitHub.
        Add-Type -Path $env:RD_PESTER_FLEET_PROGRAM
        $script:github = [RemoteDispatch.Fleet.GitHubDouble]::new()
        $github.Installed = [string[]]('octo/site', 'octo/docs')
        Set-Content "$Sandbox/app.pem" $github.KeyPem
        $env:REMOTE_DISPATCH_GITHUB_APP_ID, $env:REMOTE_DISPATCH_GITHUB_APP_KEY_FILE, $env:GITHUB_API_URL = $github::AppId, "$Sandbox/app.pem", $github.Address
    }

    function Initialize-Hosts {
        # The names of the examples, at the doors of the fleet. Its addresses come from an ssh_config, as they would at home; the
        # fleet has one user and one port, which go before those of the examples.
        $at = 0
        $config = foreach ($names in 'gpu1 gpu3', 'gpu2', 'web1 web2 web3') {
            $one = $FleetHosts[$at++]
            "Host $(($names -split ' ').ForEach({ "$_.example.com" }))"
            "  HostName $($one.address)"
            "  HostKeyAlias [$($one.address)]:$($one.port)"
        }
        "$($config -join "`n")`nHost *`n  Include $((ConvertFrom-Json $env:RD_PESTER_FLEET).sshConfig)" | Set-Content "$Sandbox/ssh_config"
        $env:REMOTE_DISPATCH_SSH_OPTS = "-F '$Sandbox/ssh_config' -o User=$($FleetHosts[0].user) -o Port=$($FleetHosts[0].port)"
        Add-DispatchHost gpu1 deploy@gpu1.example.com -Capability gpu, os=linux
        Add-DispatchHost gpu2 gpu2.example.com -Capability gpu
        Add-DispatchHost web1 deploy@web1.example.com -Capability web
        Add-DispatchHost web2 ssh://deploy@web2.example.com:2222 -Capability web -WorkspaceRoot '~/web2/tasks'
        Copy-Item $env:REMOTE_DISPATCH_HOSTS_FILE "$Sandbox/prepared-hosts.json"
        foreach ($one in $FleetHosts) {
            $null = New-Item -ItemType Directory "$($one.home)/src"
            Set-Content "$($one.home)/backup.sh" "#!/bin/sh`necho backup `"`$@`""
            chmod +x "$($one.home)/backup.sh"
            Set-Content "$($one.home)/.backup-env" 'BACKUP_KEY=none'
        }
    }

    function Initialize-Files {
        # What the examples find in the current folder.
        $null = New-Item -ItemType Directory "$Sandbox/here"
        Copy-Item "$root/examples" "$Sandbox/here" -Recurse
        Set-Location "$Sandbox/here"
        'Name,Address,Capability', 'web3,web3.example.com,web', 'build1,10.0.0.8,build' | Set-Content ./hosts.csv
        foreach ($script in 'deploy.sh', 'greet.sh', 'agent.sh') { "#!/bin/sh`necho `"`$0 got `$# arguments`"" | Set-Content "./$script" }
        $null = New-Item -ItemType Directory "$Sandbox/home/.ssh"
        'Host bastion' | Set-Content "$Sandbox/home/.ssh/config"
        'Fix the "failing" test in `src`, please.' | Set-Content ./prompt.md
        # The claude of the examples is a double, on each host and here.
        Add-DoubleAgent -Name claude -InHome (@($env:HOME) + $FleetHosts.home)
    }

    function Reset-World([string] $Code) {
        # The hosts as prepared, but for those that the example adds itself; and three tasks: one that ended, one that failed, one
        # that runs for a moment. The same id and the same command is the same task: it is sent only where it is gone.
        Copy-Item "$Sandbox/prepared-hosts.json" $env:REMOTE_DISPATCH_HOSTS_FILE
        $null = Invoke-RemoteTask 'echo building; echo a warning; echo built' web1 -Id build-17 | Wait-RemoteTask
        $null = Invoke-RemoteTask 'echo nightly; exit 4' gpu1 -Id nightly-42 | Wait-RemoteTask
        if ($Code -match 'train-3|Running') {
            Remove-RemoteTaskWorkspace train-3 -HostName gpu1 -Force -ErrorAction Ignore
            $null = Invoke-RemoteTask 'echo epoch 1; sleep 0.5; echo epoch 2' gpu1 -Id train-3
        }
        foreach ($name in [regex]::Matches($Code, 'Add-DispatchHost (\w+)').ForEach({ $_.Groups[1].Value })) {
            Remove-DispatchHost $name -ErrorAction Ignore -Confirm:$false
        }
    }

    function Invoke-Example([string] $Code) {
        # In a scope of its own, where every error ends it and nobody is asked. What it shows is shown, too: views can fail.
        Reset-World $Code
        $built = $Code.Replace('./out/RemoteDispatch', $env:RD_PESTER_MODULE)
        & {
            $ErrorActionPreference = 'Stop'
            $ConfirmPreference = 'None'
            & ([scriptblock]::Create($built)) 6>$null | Out-String -Width 200
        }
    }

    function Get-Exception([string] $Code) {
        $exceptions.Keys.Where({ $Code -match "(?m)^$_\b" })
    }

    function Assert-Runs([string[]] $Code) {
        $failed = foreach ($one in $Code) {
            if (Get-Exception $one) { continue }
            try { $null = Invoke-Example $one }
            catch { "$one`n  => $_" }
        }
        $Code | Should -Not -BeNullOrEmpty
        $failed -join "`n" | Should -BeNullOrEmpty
    }

    function Get-ExampleCode([string] $Cmdlet) {
        (Get-Help $Cmdlet).examples.example.code
    }

    function Get-MarkdownCode([string] $Path) {
        [regex]::Matches((Get-Content "$root/$Path" -Raw), '(?ms)^```powershell\r?\n(.*?)^```').ForEach({ $_.Groups[1].Value })
    }

    function Get-TopicCode([string] $Topic) {
        # What is indented by eight and stands alone is code; below a term that is indented by four it explains the term.
        # A script, which begins with #!, is saved under the name in its second line, as its reader would.
        $text = Get-Content "$env:RD_PESTER_MODULE/en-US/$Topic.help.txt" -Raw
        foreach ($block in [regex]::Matches($text, '(?m)(?<=^\r?\n)(^ {8}.*\r?\n)+(?=\r?\n|\z)').Value) {
            $code = $block -replace '(?m)^ {8}'
            if ($code -match '\A#!.*\n# (?<Name>\S+)') { Set-Content "./$($Matches.Name)" $code } else { $code }
        }
    }

    if ($FleetHosts) {
        Push-Location
        Initialize-Hosts
        Initialize-Files
        $agent = Start-SshAgent
        Initialize-GitHub
    }
}

AfterAll {
    if ($FleetHosts) {
        Get-RemoteTask -Cached | Stop-RemoteTask -Force -Grace 0 -ErrorAction Ignore
        Pop-Location
        $env:REMOTE_DISPATCH_SSH_OPTS = $optionsBefore
        Get-Job 'Agent-*' | Remove-Job -Force
        Stop-SshAgent $agent
        Remove-Item Env:REMOTE_DISPATCH_GITHUB_APP_ID, Env:REMOTE_DISPATCH_GITHUB_APP_KEY_FILE, Env:GITHUB_API_URL
        $github.DisposeAsync().AsTask().Wait()
    }
    Clear-Sandbox
}

Describe 'The help' -Tag Fleet {
    It 'examples of Add-DispatchHost run' { Assert-Runs (Get-ExampleCode Add-DispatchHost) }
    It 'examples of Enter-RemoteTask run' { Assert-Runs (Get-ExampleCode Enter-RemoteTask) }
    It 'examples of Export-DispatchHost run' { Assert-Runs (Get-ExampleCode Export-DispatchHost) }
    It 'examples of Get-DispatchHost run' { Assert-Runs (Get-ExampleCode Get-DispatchHost) }
    It 'examples of Get-RemoteTask run' { Assert-Runs (Get-ExampleCode Get-RemoteTask) }
    It 'examples of Get-RemoteTaskEvent run' { Assert-Runs (Get-ExampleCode Get-RemoteTaskEvent) }
    It 'examples of Get-RemoteTaskLog run' { Assert-Runs (Get-ExampleCode Get-RemoteTaskLog) }
    It 'examples of Import-DispatchHost run' { Assert-Runs (Get-ExampleCode Import-DispatchHost) }
    It 'examples of Invoke-RemoteTask run' { Assert-Runs (Get-ExampleCode Invoke-RemoteTask) }
    It 'examples of New-DispatchToken run' { Assert-Runs (Get-ExampleCode New-DispatchToken) }
    It 'examples of Remove-DispatchHost run' { Assert-Runs (Get-ExampleCode Remove-DispatchHost) }
    It 'examples of Get-RemoteTaskWorkspace run' { Assert-Runs (Get-ExampleCode Get-RemoteTaskWorkspace) }
    It 'examples of Remove-DispatchToken run' { Assert-Runs (Get-ExampleCode Remove-DispatchToken) }
    It 'examples of Resume-RemoteTask run' { Assert-Runs (Get-ExampleCode Resume-RemoteTask) }
    It 'examples of Remove-RemoteTaskWorkspace run' { Assert-Runs (Get-ExampleCode Remove-RemoteTaskWorkspace) }
    It 'examples of Save-RemoteTaskLog run' { Assert-Runs (Get-ExampleCode Save-RemoteTaskLog) }
    It 'examples of Send-RemoteTaskMessage run' { Assert-Runs (Get-ExampleCode Send-RemoteTaskMessage) }
    It 'examples of Set-DispatchHost run' { Assert-Runs (Get-ExampleCode Set-DispatchHost) }
    It 'examples of Stop-RemoteTask run' { Assert-Runs (Get-ExampleCode Stop-RemoteTask) }
    It 'examples of Test-DispatchHost run' { Assert-Runs (Get-ExampleCode Test-DispatchHost) }
    It 'examples of Wait-RemoteTask run' { Assert-Runs (Get-ExampleCode Wait-RemoteTask) }
    It 'examples of Watch-RemoteTask run' { Assert-Runs (Get-ExampleCode Watch-RemoteTask) }

    It 'examples of about_RemoteDispatch run' { Assert-Runs (Get-TopicCode about_RemoteDispatch) }
    It 'examples of about_RemoteDispatch_Hosts run' { Assert-Runs (Get-TopicCode about_RemoteDispatch_Hosts) }
    It 'examples of about_RemoteDispatch_Security run' { Assert-Runs (Get-TopicCode about_RemoteDispatch_Security) }
    It 'examples of about_RemoteDispatch_Errors run' { Assert-Runs (Get-TopicCode about_RemoteDispatch_Errors) }
    It 'examples of about_RemoteDispatch_Agents run' { Assert-Runs (Get-TopicCode about_RemoteDispatch_Agents) }

    It 'examples of README.md run' { Assert-Runs (Get-MarkdownCode README.md) }
    It 'examples of docs/hosts.md run' { Assert-Runs (Get-MarkdownCode docs/hosts.md) }
    It 'examples of docs/events.md run' { Assert-Runs (Get-MarkdownCode docs/events.md) }
    It 'examples of docs/fleet-health.md run' { Assert-Runs (Get-MarkdownCode docs/fleet-health.md) }
    It 'examples of docs/agents.md run' { Assert-Runs (Get-MarkdownCode docs/agents.md) }
    It 'examples of docs/checks.md run' { Assert-Runs (Get-MarkdownCode docs/checks.md) }
    It 'examples of docs/watch.md run' { Assert-Runs (Get-MarkdownCode docs/watch.md) }
    It 'examples of docs/repositories.md run' { Assert-Runs (Get-MarkdownCode docs/repositories.md) }

    It 'leaves nothing out but what is printed and cannot run here' {
        $all = (Get-Command -Module RemoteDispatch).Name.ForEach({ Get-ExampleCode $_ }) + (Get-MarkdownCode README.md) + (Get-MarkdownCode docs/hosts.md) + (Get-MarkdownCode docs/events.md) + (Get-MarkdownCode docs/fleet-health.md) + (Get-MarkdownCode docs/checks.md) + (Get-MarkdownCode docs/watch.md)
        $all.ForEach({ Get-Exception $_ }) | Sort-Object -Unique | Should -Be ($exceptions.Keys | Sort-Object)
    }

    It 'has a line above for each cmdlet and each topic' {
        $here = Get-Content $PSCommandPath -Raw
        $names = @((Get-Command -Module RemoteDispatch).Name) + (Get-ChildItem "$env:RD_PESTER_MODULE/en-US/about_*").Name.ForEach({ $_ -replace '\.help\.txt$' })
        foreach ($name in $names) { $here | Should -Match "'examples of $name run'" }
    }
}

Describe 'The fleet''s health' -Tag Fleet {
    BeforeAll {
        Get-RemoteTask -HostName web1, web2, gpu2 | Remove-RemoteTaskWorkspace -Force

        function Invoke-FleetHealth {
            # As a scheduler would: another process, by its exit code.
            Copy-Item "$Sandbox/prepared-hosts.json" $env:REMOTE_DISPATCH_HOSTS_FILE
            $paths = $env:PSModulePath
            try {
                $env:PSModulePath = "$(Split-Path $env:RD_PESTER_MODULE)$([System.IO.Path]::PathSeparator)$paths"
                $said = & (Get-Process -Id $PID).Path -NoProfile -NonInteractive -File "$root/examples/Invoke-FleetHealth.ps1" @args 2>&1
                [pscustomobject]@{ Code = $LASTEXITCODE; Said = $said -join "`n" }
            }
            finally {
                $env:PSModulePath = $paths
            }
        }
    }

    It 'ends with 0 where all hosts are well, and writes the report' {
        $run = Invoke-FleetHealth -Capability web -ReportPath "$Sandbox/here/report.xml"
        $run.Code | Should -Be 0 -Because $run.Said
        $run.Said | Should -Match 'web1'
        $run.Said | Should -Match 'web2'
        $run.Said | Should -Not -Match 'gpu1'
        "$Sandbox/here/report.xml" | Should -FileContentMatch 'web1'
    }

    It 'ends with 1 where a host is down, and says what to do' {
        $ssh = $env:REMOTE_DISPATCH_SSH_OPTS
        try {
            # Nothing listens there, on whichever port.
            $env:REMOTE_DISPATCH_SSH_OPTS = $ssh -replace '-o Port=\d+', "-o Port=$((Get-ClosedPort) -replace '.*:')"
            $run = Invoke-FleetHealth -HostName 'web1,nobody@127.0.0.1'
        }
        finally {
            $env:REMOTE_DISPATCH_SSH_OPTS = $ssh
        }
        $run.Code | Should -Be 1 -Because $run.Said
        $run.Said | Should -Match 'refused.*\n?.*sshd'
    }

    It 'ends with 1 where a task failed since yesterday, and names it' {
        $null = Invoke-RemoteTask 'exit 4' gpu2 -Id failed-today | Wait-RemoteTask
        $run = Invoke-FleetHealth -HostName gpu2
        $run.Code | Should -Be 1 -Because $run.Said
        $run.Said | Should -Match 'failed-today'
        (Invoke-FleetHealth -HostName gpu2 -Hours 0).Code | Should -Be 0
        Remove-RemoteTaskWorkspace failed-today -Force
    }

    It 'ends with 1 where no host is meant' {
        (Invoke-FleetHealth -Capability nobody-has-this).Code | Should -Be 1
    }
}
