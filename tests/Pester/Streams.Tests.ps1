# What goes where: results in the output, one event line per operation in the information stream, steps for -Verbose, and warnings
# only where somebody can do something.

BeforeAll {
    . "$PSScriptRoot/Setup.ps1"

    function Get-Step([object[]] $Said, [string] $Name) {
        @($Said | Where-Object { $_ -is [System.Management.Automation.InformationRecord] -and $_.Tags -contains 'RemoteDispatch' -and $_.Tags -contains $Name })
    }
}

AfterAll { Clear-Sandbox }

Describe 'The information stream' -Tag Local {
    It 'tells of a dispatch, typed and as text' {
        $said = Invoke-RemoteTask 'true' -Id i-dispatch 6>&1
        $step = Get-Step $said success
        $step.Count | Should -Be 1
        $step[0].MessageData | Should -BeOfType ([RemoteDispatch.WorkStep])
        $step[0].MessageData.Host | Should -Be 'local'
        $step[0].MessageData.Duration | Should -BeGreaterThan ([timespan]::Zero)
        "$($step[0])" | Should -Match '^success host=local task=i-dispatch attempt=1 state=\w+ duration_ms=[\d.]+$'
    }

    It 'tells of a connection once, by whoever opened it' {
        Use-NewSession
        $said = Invoke-RemoteTask 'true' 6>&1
        (Get-Step $said preflight_ok).Count | Should -Be 1
        (Get-Step (Invoke-RemoteTask 'true' 6>&1) preflight_ok).Count | Should -Be 0
    }

    It 'tells of a wait, with state and exit code' {
        $said = Invoke-RemoteTask 'exit 3' -Id i-wait | Wait-RemoteTask 6>&1
        "$(Get-Step $said ended)" | Should -Match '^ended host=local task=i-wait state=Failed exit_code=3 duration_ms=[\d.]+$'
    }

    It 'tells of a log that was read, followed or collected' {
        $task = Invoke-RemoteTask 'printf 12345' -Id i-log -Wait 6>$null
        "$(Get-Step ($task | Get-RemoteTaskLog 6>&1) log_read)" | Should -Match '^log_read host=local task=i-log state=Succeeded bytes=5 duration_ms=[\d.]+$'
        "$(Get-Step ($task | Get-RemoteTaskLog -Follow 6>&1) log_followed)" | Should -Match '^log_followed host=local task=i-log .*bytes=5 '
        "$(Get-Step ($task | Save-RemoteTaskLog 6>&1) log_collected)" | Should -Match '^log_collected host=local task=i-log '
    }

    It 'tells of a stop and of a removal' {
        $task = Invoke-RemoteTask 'sleep 300' -Id i-stop
        "$(Get-Step ($task | Stop-RemoteTask -Force 6>&1) stopped)" | Should -Match '^stopped host=local task=i-stop duration_ms='
        "$(Get-Step ($task | Remove-RemoteTaskWorkspace -Force 6>&1) removed)" | Should -Match '^removed host=local task=i-stop duration_ms='
    }

    It 'tells of a test' {
        "$(Get-Step (Test-DispatchHost local 6>&1) tested)" | Should -Match '^tested host=local healthy=true duration_ms='
    }

    It 'tells of a failure beside its error' {
        $said = Wait-RemoteTask i-nobody -HostName local -ErrorAction SilentlyContinue 6>&1
        "$(Get-Step $said failure)" | Should -Match '^failure host=local .*reason=TaskNotFound duration_ms='
        $task = Invoke-RemoteTask 'sleep 300' -Id i-busy
        $said = Remove-RemoteTaskWorkspace $task -Confirm:$false -ErrorAction SilentlyContinue 6>&1
        "$(Get-Step $said failure)" | Should -Match '^failure host=local task=i-busy reason=TaskRunning duration_ms='
        Stop-RemoteTask $task -Force
    }

    It 'loses no line of many' {
        $said = 1..200 | ForEach-Object { 'local' } | Invoke-RemoteTask 'true' 6>&1
        (Get-Step $said success).Count | Should -Be 200
        @($said | Where-Object { $_ -is [RemoteDispatch.Tasks.RemoteTask] }).Count | Should -Be 200
    }
}

Describe 'The other streams' -Tag Local {
    It 'explain with -Verbose each step and how long it took' {
        Use-NewSession
        $said = @(Invoke-RemoteTask 'true' -Verbose 4>&1 6>$null | Where-Object { $_ -is [System.Management.Automation.VerboseRecord] } | ForEach-Object Message)
        $said | Where-Object { $_ -match '^preflight_ok .* duration_ms=' } | Should -HaveCount 1
        $said | Where-Object { $_ -match '^success .* duration_ms=' } | Should -HaveCount 1
    }

    It 'say with -Debug which files and targets are worked on, and no secret' {
        $said = @(Invoke-RemoteTask 'true' -Environment @{ TOKEN = 'hush-hush' } -Debug -Verbose 5>&1 4>&1 6>&1) -join "`n"
        $said | Should -Match ([regex]::Escape($env:REMOTE_DISPATCH_HOSTS_FILE))
        $said | Should -Match ([regex]::Escape($env:REMOTE_DISPATCH_STATE_DIR))
        $said | Should -Match 'Begins: local'
        $said | Should -Not -Match 'hush-hush'
    }

    It 'warn of nothing while all is well' {
        $warned = $null
        $null = Test-DispatchHost local -WarningVariable +warned | Invoke-RemoteTask 'echo x' -Wait -WarningVariable +warned 6>$null |
            Get-RemoteTaskLog -WarningVariable +warned
        Get-RemoteTask -WarningVariable +warned | Remove-RemoteTaskWorkspace -Force -WarningVariable +warned
        $warned | Should -BeNullOrEmpty
    }

    It 'warn once of a host that went away, and say what Ctrl-C does' -Tag Fleet {
        Add-Fleet
        Use-NewSession
        $null = Invoke-RemoteTask 'sleep 300' h1 -Id i-away
        # Where it is said to be now, nothing listens.
        Set-DispatchHost h1 -Address (Get-ClosedPort)
        try {
            $pipeline = Start-Pipeline 'Wait-RemoteTask i-away'
            Wait-Until { $pipeline.Shell.Streams.Warning.Count }
            "$($pipeline.Shell.Streams.Warning)" | Should -Match "^Host 'h1' does not answer.*Ctrl-C ends the wait"
            Stop-Pipeline $pipeline | Should -BeLessThan ([timespan]'0:0:2')
        }
        finally {
            Set-DispatchHost h1 -Address $FleetHosts[0].address
        }
        (Get-RemoteTask i-away).State | Should -Be 'Running' -Because 'the wait ended, and not the task'
        Stop-RemoteTask i-away -Force
    }

    It 'have nothing but results in the output' {
        $out = Invoke-RemoteTask 'echo log' -Wait -Verbose -Debug 6>$null 5>$null 4>$null
        @($out).Count | Should -Be 1
        $out | Should -BeOfType ([RemoteDispatch.Tasks.RemoteTask])
    }

    It 'show one bar for a fan-out that takes longer than a second, with done, running, failed and rate' {
        $gates = 1..3 | ForEach-Object { New-Gate }
        $null = 0..2 | ForEach-Object { Invoke-RemoteTask $gates[$_].Wait -Id "i-bar-$_" }
        $pipeline = Start-Pipeline "Wait-RemoteTask 'i-bar-0', 'i-bar-1', 'i-bar-2', 'i-bar-nobody' -ErrorAction SilentlyContinue"
        $gates[0].Open()
        Wait-Until { $pipeline.Shell.Streams.Progress.Where({ $_.StatusDescription -match '^2 done, 2 running, 1 failed, [\d.]+/s$' }) }
        $gates[1..2].ForEach({ $_.Open() })
        $null = Complete-Pipeline $pipeline
        $bars = $pipeline.Shell.Streams.Progress
        @($bars.ActivityId | Sort-Object -Unique).Count | Should -Be 1
        $bars[-1].RecordType | Should -Be 'Completed'
    }
}
