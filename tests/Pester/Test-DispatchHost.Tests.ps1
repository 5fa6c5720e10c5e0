BeforeAll { . "$PSScriptRoot/Setup.ps1" }

Describe 'Test-DispatchHost' {
    Context 'on this machine' -Tag Local {
        It 'finds it healthy, and says what it looked at' {
            $health = Test-DispatchHost local
            $health.Healthy | Should -BeTrue
            $health.HostName | Should -Be 'local'
            $health.System | Should -Match (uname -s)
            $health.Checks.Name | Should -Contain 'connect'
            $health.Checks.Name | Should -Contain 'workspace'
            $health.Checks.Name | Should -Contain 'detach'
            $health.Checks.Where({ $_.Required }).Status | Sort-Object -Unique | Should -Be 'Pass'
            $health.Duration | Should -BeGreaterThan ([timespan]::Zero)
        }

        # KNOWN GAP: a C# collection expression for IReadOnlyList makes a type whose indexer PowerShell does not see.
        It 'gives checks that can be indexed' {
            @((Test-DispatchHost local).Checks[0]).Count | Should -Be 1
        }

        It 'leaves nothing but the folder of the workspaces' {
            $null = Test-DispatchHost local
            Get-ChildItem "$Sandbox/home/.remote-dispatch" -Recurse -File | Should -BeNullOrEmpty
        }

        It 'fails a workspace root that cannot be used, with a remedy' {
            $null = New-Item "$Sandbox/files/no-folder"
            Add-DispatchHost odd local -WorkspaceRoot "$Sandbox/files/no-folder/tasks" -Force
            $health = Test-DispatchHost odd
            $health.Healthy | Should -BeFalse
            $check = $health.Checks.Where({ $_.Name -eq 'workspace' })
            $check.Status | Should -Be 'Fail'
            $check.Remedy | Should -Not -BeNullOrEmpty
        }

        It 'shows as a table with the system, and what failed' {
            Test-DispatchHost local -Check connect, system -Require orbstack | Out-String -Width 200 | Should -Match 'local +False .* orbstack: not there'
            Test-DispatchHost local | Format-List | Out-String -Width 200 | Should -Match "System +: $(uname -s)"
        }

        It 'shows in the table what decides on health apart from what does not' {
            # A real answer in which one check is a double that failed.
            $health = Test-DispatchHost local -Check connect, load
            $checks = foreach ($check in $health.Checks) {
                if ($check.Name -eq 'load') { [RemoteDispatch.Health.HostCheck]::new('load', 'Fail', $false, [timespan]::Zero, 'too much', 'Wait.') } else { $check }
            }
            $health.GetType().GetProperty('Checks').SetValue($health, [RemoteDispatch.Health.HostCheck[]]$checks)
            $shown = $health | Out-String -Width 200
            $shown | Should -Match 'Failed +Warnings'
            $shown | Should -Match 'local +True .* load *(\r?\n)'
            $shown | Should -Not -Match 'too much'
        }

        It 'shows of a host that was not reached the step that failed, in a word' {
            Add-DispatchHost shut (Get-ClosedPort) -Force
            Test-DispatchHost shut | Out-String -Width 200 | Should -Match 'shut +False .* connect: TcpRefused *(\r?\n)'
        }

        It 'gives facts as values, for assertions' {
            $health = Test-DispatchHost local
            $health['disk'].Status | Should -Be 'Pass'
            $health['DISK'].Name | Should -Be 'disk'
            $health['no-such-check'] | Should -BeNullOrEmpty
            $health.FreeBytes | Should -BeGreaterThan 100MB
            $health.MemoryTotalBytes | Should -BeGreaterThan $health.MemoryAvailableBytes
            $health.Processors | Should -BeGreaterThan 0
            $health.ClockOffset.Duration() | Should -BeLessThan ([timespan]'00:00:10')
            $health.TasksRunning | Should -Be 0
            $health.User | Should -Be (id -un)
            $health.LoginShell | Should -Be '/bin/sh'
            @($health.Agents).Where({ $_.Name -eq 'nobody' }) | Should -BeNullOrEmpty
        }

        It 'asks only what -Check names, and connect' {
            (Test-DispatchHost local -Check Git, disk).Checks.Name | Should -Be 'connect', 'disk', 'git'
        }

        It 'makes mandatory what -Require names, and is unhealthy where that is not there' {
            $health = Test-DispatchHost local -Check git -Require disk
            $health.Checks.Name | Should -Be 'connect', 'disk', 'git'
            $health.Checks.Where({ $_.Required }).Name | Should -Be 'connect', 'disk'
            $health.Healthy | Should -BeTrue
            $unfit = Test-DispatchHost local -Check connect -Require orbstack
            $unfit.Healthy | Should -BeFalse
            $unfit['orbstack'].Status | Should -Be 'Skip'
            $unfit['orbstack'].Remedy | Should -Not -BeNullOrEmpty
        }

        It 'refuses an unknown name with the names of all, and asks nobody' {
            { 'local', 'local' | Test-DispatchHost -Check gnu } | Should -Throw -ErrorId 'InvalidInput,*'
            { Test-DispatchHost local -Require gnu -ErrorAction Ignore } | Should -Throw -ErrorId 'InvalidInput,*'
            try { Test-DispatchHost local -Check gnu } catch { $_.ErrorDetails.RecommendedAction | Should -Match 'connect, workspace' }
        }

        It 'looks for agents that a file of the user describes, and names a damaged one' {
            $null = New-Item -ItemType Directory "$Sandbox/agents"
            '{"agents": [{"name": "helper-one", "program": "uname", "version": ["-r"], "signedIn": {"variables": ["HOME"]}}]}' | Set-Content "$Sandbox/agents/mine.json"
            $agent = (Test-DispatchHost local -Check helper-one).Agents
            $agent.Path | Should -Match 'uname$'
            $agent.SignedIn | Should -Be 'Yes'
            (Get-Completion 'Test-DispatchHost local -Require helper').CompletionText | Should -Be 'helper-one'
            '{' | Set-Content "$Sandbox/agents/mine.json"
            { Test-DispatchHost local } | Should -Throw -ErrorId 'DamagedFile,*' -ExpectedMessage '*mine.json*'
            Remove-Item "$Sandbox/agents" -Recurse
        }
    }

    Context 'on a host that is down' {
        It 'gives a result with a remedy, and no error' {
            $health = Test-DispatchHost (Get-ClosedPort) -ErrorAction Stop -ErrorVariable failure
            $failure | Should -BeNullOrEmpty
            $health.Healthy | Should -BeFalse
            $connect, $others = $health.Checks
            $connect.Name | Should -Be 'connect'
            $connect.Status | Should -Be 'Fail'
            $connect.Detail | Should -Match 'refused'
            $connect.Remedy | Should -Not -BeNullOrEmpty
            $others.Status | Sort-Object -Unique | Should -Be 'Skip'
            $health.Failure.Reason | Should -Be 'ConnectionRefused'
        }

        It 'refuses what is no address as an error' {
            { Test-DispatchHost '-oProxyCommand=id' -ErrorAction Stop } | Should -Throw -ErrorId 'InvalidInput,*'
        }
    }

    Context 'on many hosts' -Tag Fleet {
        BeforeAll {
            Add-Fleet
            Add-DispatchHost down (Get-ClosedPort)
        }

        It 'gives one result for each, the host that is down too' {
            $health = 'h1', 'down', 'h2', 'h3' | Test-DispatchHost -ErrorAction Stop
            ($health | Where-Object Healthy).HostName | Sort-Object | Should -Be 'h1', 'h2', 'h3'
            ($health | Where-Object Healthy -EQ $false).HostName | Should -Be 'down'
        }

        It 'takes sets of hosts' {
            (Test-DispatchHost '@fleet!h2').HostName | Sort-Object | Should -Be 'h1', 'h3'
            ('h[1-2]' | Test-DispatchHost).HostName | Sort-Object | Should -Be 'h1', 'h2'
        }

        It 'takes host objects, raw addresses, and names by property name' {
            (Get-DispatchHost h1 | Test-DispatchHost).HostName | Should -Be 'h1'
            (Test-DispatchHost $FleetHosts[0].address).HostName | Should -Be $FleetHosts[0].address
            ([pscustomobject]@{ ComputerName = 'h2' } | Test-DispatchHost).HostName | Should -Be 'h2'
        }

        It 'opens one connection to a host, and none when it asks again' {
            Use-NewSession
            $before = Get-ConnectionCount h1
            $null = Test-DispatchHost h1
            $null = Test-DispatchHost h1
            Get-ConnectionCount h1 | Should -Be ($before + 1)
        }

        It 'finds a host whose key has changed unhealthy, and names that' {
            # h1's name in the list of known hosts, at h2's door: ssh sees another key.
            Add-DispatchHost spoofed 127.0.0.1
            $opts = $env:REMOTE_DISPATCH_SSH_OPTS
            try {
                $env:REMOTE_DISPATCH_SSH_OPTS = "$opts -o HostKeyAlias=[$($FleetHosts[0].address)]:$($FleetHosts[0].port) -o HostName=$($FleetHosts[1].address) -p $($FleetHosts[1].port)"
                $health = Test-DispatchHost spoofed
            }
            finally {
                $env:REMOTE_DISPATCH_SSH_OPTS = $opts
            }
            $health.Healthy | Should -BeFalse
            $health.Failure.Reason | Should -Be 'HostKeyChanged'
        }
    }

    It 'completes names of checks' {
        (Get-Completion 'Test-DispatchHost local -Check cont').CompletionText | Should -Be 'container'
        (Get-Completion 'Test-DispatchHost local -Require disk,clau').CompletionText | Should -Be 'claude'
    }

    It 'completes host names' {
        Add-DispatchHost completes completes.example.com
        (Get-Completion 'Test-DispatchHost comp').CompletionText | Should -Be 'completes'
    }
}
