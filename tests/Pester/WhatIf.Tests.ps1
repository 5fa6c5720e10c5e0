# -WhatIf of each cmdlet that changes something, and what each does where nobody can be asked: nothing changes, here or on a host,
# and no connection is opened.

BeforeAll {
    . "$PSScriptRoot/Setup.ps1"
    # Whoever opens a connection runs this, and leaves a file: the double of a host that cannot be reached.
    $called = "$Sandbox/called"
    $optionsBefore = $env:REMOTE_DISPATCH_SSH_OPTS
    $env:REMOTE_DISPATCH_SSH_OPTS = "-o 'ProxyCommand=touch $called'"
    Add-DispatchHost far far.example.com -Capability gpu
    # Tasks of that host, as this machine remembers them.
    $null = New-Item -ItemType Directory "$env:REMOTE_DISPATCH_STATE_DIR/tasks"
    foreach ($pair in @('far-1', 'Running'), @('far-2', 'Succeeded')) {
        $id, $state = $pair
        "{`"version`":1,`"id`":`"$id`",`"hostName`":`"far`",`"host`":{`"address`":`"far.example.com`",`"transport`":`"ssh`"},`"state`":`"$state`",`"command`":`"x`",`"dispatched`":`"2026-02-21T10:00:00Z`"}" |
            Set-Content "$env:REMOTE_DISPATCH_STATE_DIR/tasks/$id~far.json"
    }
    $script = "$Sandbox/files/job.sh"
    "#!/bin/sh`necho hi" | Set-Content $script

    function Get-Snapshot {
        # But for what pwsh itself keeps in a home.
        Get-ChildItem $Sandbox -Recurse -File -Force | Where-Object FullName -NotLike '*/.cache/*' | Sort-Object FullName | ForEach-Object { "$($_.FullName) $($_.LastWriteTimeUtc.Ticks) $((Get-FileHash $_).Hash)" }
    }

    function Assert-Nothing([scriptblock] $Try, [string] $Says) {
        # Its words go to the host, which a test cannot read in its own process: another prompt reads them there.
        $before = Get-Snapshot
        $said = (Invoke-OtherProcess "$Try" 2>&1) -join "`n"
        $said | Should -Match $Says
        $called | Should -Not -Exist
        Get-Snapshot | Should -Be $before
        # And the same in this process, with the preference in place of the switch.
        & { $WhatIfPreference = $true; & ([scriptblock]::Create("$Try".Replace(' -WhatIf', ''))) } | Should -BeNullOrEmpty
        $called | Should -Not -Exist
        Get-Snapshot | Should -Be $before
    }
}

AfterAll { $env:REMOTE_DISPATCH_SSH_OPTS = $optionsBefore }

Describe '-WhatIf changes nothing and opens no connection' -Tag Fleet {
    It 'of Invoke-RemoteTask with a command' {
        Assert-Nothing { Invoke-RemoteTask 'make all' far -WhatIf } 'What if: .*far.*ssh.*make all'
    }

    It 'of Invoke-RemoteTask with the host''s object from the pipeline' {
        Assert-Nothing { Get-DispatchHost -Capability gpu | Invoke-RemoteTask 'make all' -Wait -WhatIf } 'What if: .*far.*make all'
    }

    It 'of Invoke-RemoteTask with a script of this machine' {
        Assert-Nothing ([scriptblock]::Create("Invoke-RemoteTask -FilePath '$script' -ArgumentList 1, 2 -HostName far -WhatIf")) 'What if: .*far.*job\.sh'
    }

    It 'of Invoke-RemoteTask -AsJob, which makes no job' {
        Assert-Nothing { Invoke-RemoteTask 'make all' far -AsJob -WhatIf } 'What if: .*far'
        Get-Job | Should -BeNullOrEmpty
    }

    It 'of Invoke-RemoteTask names the variables, and never their values' {
        $said = (Invoke-OtherProcess 'Invoke-RemoteTask make far -Environment @{ TOKEN = "hush-hush" } -WhatIf -Verbose -Debug' *>&1) -join "`n"
        $said | Should -Match 'TOKEN'
        $said | Should -Not -Match 'hush-hush'
    }

    It 'of Stop-RemoteTask' {
        Assert-Nothing { Stop-RemoteTask far-1 -WhatIf } 'What if: .*Stop.*far-1'
    }

    It 'names the host of a task where it is known' {
        Assert-Nothing { Stop-RemoteTask far-1 -HostName far -WhatIf } 'What if: .*Stop.*"far-1 on host far"'
        Assert-Nothing { Get-RemoteTask far-1 -Cached | Stop-RemoteTask -WhatIf } 'What if: .*Stop.*"far-1 on host far"'
        Assert-Nothing { Remove-RemoteTaskWorkspace far-2 -HostName far -WhatIf } 'What if: .*Remove.*"far-2 on host far"'
        Assert-Nothing { Remove-RemoteTaskWorkspace far-* -WhatIf } '(?s)What if: .*"far-1 on host far".*"far-2 on host far"'
    }

    It 'of Stop-RemoteTask -Force' {
        Assert-Nothing { Stop-RemoteTask far-1 -Force -WhatIf } 'What if: .*Stop.*far-1'
    }

    It 'of Stop-RemoteTask with wildcards, with and without a host' {
        Assert-Nothing { Stop-RemoteTask far-* -WhatIf } 'What if: .*Stop.*far-1'
        Assert-Nothing { Stop-RemoteTask far-* -HostName far -WhatIf } 'What if: .*Stop.*far-\*'
    }

    It 'of Remove-RemoteTaskWorkspace' {
        Assert-Nothing { Remove-RemoteTaskWorkspace far-2 -WhatIf } 'What if: .*Remove.*far-2'
    }

    It 'of Remove-RemoteTaskWorkspace -OlderThan, which names the host and not what it has' {
        Assert-Nothing { Remove-RemoteTaskWorkspace -OlderThan 7d -HostName far -WhatIf } 'What if: .*Remove.*"all on host far that have ended more than 7d 00h ago"'
        Assert-Nothing { Get-DispatchHost far | Remove-RemoteTaskWorkspace -OlderThan 7d -Force -WhatIf } 'What if: .*all on host far'
        Assert-Nothing { Remove-RemoteTaskWorkspace -OlderThan 7d -WhatIf } '(?s)What if: .*all on host far.*|What if: .*all on host local.*'
    }

    It 'of Remove-RemoteTaskWorkspace -Force with wildcards' {
        Assert-Nothing { Remove-RemoteTaskWorkspace far-* -Force -WhatIf } '(?s)What if: .*Remove.*far-1.*far-2'
    }

    It 'of Remove-RemoteTaskWorkspace with tasks from the pipeline' {
        Assert-Nothing { Get-RemoteTask -Cached | Remove-RemoteTaskWorkspace -WhatIf } '(?s)What if: .*Remove.*far-1.*far-2'
    }

    It 'of Send-RemoteTaskMessage' {
        Assert-Nothing { Send-RemoteTaskMessage far-1 hello -WhatIf } 'What if: .*Send a message.*far-1'
        Assert-Nothing { Get-RemoteTask -Cached | Send-RemoteTaskMessage -Message hello -WhatIf } 'What if: .*far-1 on host far'
    }

    It 'of Invoke-RemoteTask -ReportToolUse says so' {
        Assert-Nothing { Invoke-RemoteTask 'claude' far -ReportToolUse -WhatIf } 'What if: .*far.*reporting tool use'
    }

    It 'of Invoke-RemoteTask -Agent, for a prompt and for several' {
        Assert-Nothing { Invoke-RemoteTask -Agent claude -Prompt 'mend it' far -WhatIf } 'What if: .*far.*ssh.*mend it as the prompt of claude'
        Assert-Nothing { 'one', 'two' | Invoke-RemoteTask -Agent auto far -WhatIf } '(?s)What if: .*one as the prompt.*two as the prompt'
    }

    It 'of Resume-RemoteTask' {
        Assert-Nothing { Resume-RemoteTask far-2 'go on' -WhatIf } 'What if: .*go on.*far-2'
        Assert-Nothing { Get-RemoteTask far-2 -Cached | Resume-RemoteTask -Prompt 'go on' -WhatIf } 'What if: .*go on.*far-2 on host far'
    }

    It 'of Invoke-RemoteTask -SeparateError says so' {
        Assert-Nothing { Invoke-RemoteTask 'tar c .' far -SeparateError -WhatIf } 'What if: .*far.*stderr kept apart'
    }

    It 'of Save-RemoteTaskLog' {
        Assert-Nothing ([scriptblock]::Create("Save-RemoteTaskLog far-2 -Destination '$Sandbox/files/logs' -WhatIf")) 'What if: .*far-2'
        "$Sandbox/files/logs" | Should -Not -Exist
    }

    It 'of Add-DispatchHost' {
        Assert-Nothing { Add-DispatchHost new new.example.com -WhatIf } 'What if: .*new\.example\.com'
    }

    It 'of Set-DispatchHost' {
        Assert-Nothing { Set-DispatchHost far -Address other.example.com -Capability q -WhatIf } 'What if: .*address -> other\.example\.com; capabilities -> q.*far'
        Assert-Nothing { Set-DispatchHost far -Capability @() -TrustHostKey -WhatIf } 'What if: .*capabilities -> none; ask for its host key and pin that.*far'
    }

    It 'of Import-DispatchHost' {
        '{ "hosts": { "brought": { "address": "brought.example.com" } } }' | Set-Content "$Sandbox/files/other.json"
        Assert-Nothing ([scriptblock]::Create("Import-DispatchHost -Path '$Sandbox/files/other.json' -WhatIf")) 'What if: .*brought'
    }

    It 'of Export-DispatchHost' {
        Assert-Nothing ([scriptblock]::Create("Export-DispatchHost -Path '$Sandbox/files/out.json' -WhatIf")) 'What if: .*out\.json'
    }

    It 'of Remove-DispatchHost, with and without -Force' {
        Assert-Nothing { Remove-DispatchHost far -WhatIf } 'What if: .*far'
        Assert-Nothing { Remove-DispatchHost * -Force -WhatIf } 'What if: .*far'
    }

    It 'and a connection would have shown' {
        Invoke-RemoteTask 'true' far -ErrorAction Ignore
        $called | Should -Exist
        Remove-Item $called
    }
}

Describe 'pwsh -NonInteractive' -Tag Fleet {
    BeforeAll {
        function Assert-CannotConfirm([string] $Script, [string] $Says = '-Force or -Confirm:\$false') {
            # A question would wait for ever: it would be killed, and say nothing of what was to be done.
            $before = Get-Snapshot
            $clock = [System.Diagnostics.Stopwatch]::StartNew()
            $said = (Invoke-OtherProcess "try { $Script } catch { `$_.FullyQualifiedErrorId; `"`$_`"; `$_.ErrorDetails.RecommendedAction }") -join "`n"
            $clock.Elapsed.TotalSeconds | Should -BeLessThan 30
            $said | Should -Match '^CannotConfirm,'
            $said | Should -Match $Says
            $called | Should -Not -Exist
            Get-Snapshot | Should -Be $before
        }
    }

    It 'never asks in Stop-RemoteTask: the error says what to add' {
        Assert-CannotConfirm 'Stop-RemoteTask far-1'
        Assert-CannotConfirm 'Stop-RemoteTask far-*'
    }

    It 'never asks in Remove-RemoteTaskWorkspace: the error says what to add, and what -Force does beside' {
        # With -Force a task that runs would be stopped: whoever only wants no question is not sent there.
        $says = '(?s)unless -Confirm:\$false is given.*Add -Confirm:\$false\. -Force .*stops a task that still runs'
        Assert-CannotConfirm 'Remove-RemoteTaskWorkspace far-2' $says
        Assert-CannotConfirm 'Get-RemoteTask -Cached | Remove-RemoteTaskWorkspace' $says
    }

    It 'never asks in Remove-DispatchHost: the error says what to add' {
        Assert-CannotConfirm 'Remove-DispatchHost far'
    }

    It 'shows the way out to who reads the screen' {
        $said = & (Get-Process -Id $PID).Path -NoProfile -NonInteractive -Command "Import-Module '$env:RD_PESTER_MODULE'; Stop-RemoteTask far-1" 2>&1
        ($said -replace '\e\[[\d;]*m') -join ' ' -replace '[\s|]+', ' ' | Should -Match 'Stop-RemoteTask asks .*far-1.* -Force or -Confirm:\$false'
    }

    It 'does not wait for a key on a console whose input has ended' {
        $said = @() | & (Get-Process -Id $PID).Path -NoProfile -Command "Import-Module '$env:RD_PESTER_MODULE'; try { Stop-RemoteTask far-1 } catch { `$_.FullyQualifiedErrorId }" 2>&1
        $said -join "`n" | Should -Match 'CannotConfirm,'
    }

    It 'needs no answer with -Confirm:$false or $ConfirmPreference' {
        Invoke-OtherProcess 'Remove-DispatchHost far -Confirm:$false -WhatIf; $ConfirmPreference = "None"; Remove-DispatchHost far; (Get-DispatchHost).Name' |
            Select-Object -Last 1 | Should -Be 'local'
    }
}
