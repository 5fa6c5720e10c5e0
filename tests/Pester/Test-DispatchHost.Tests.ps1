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

        It 'shows as a table that says what failed' {
            Test-DispatchHost local | Out-String -Width 120 | Should -Match 'local +True .* connect workspace detach'
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

    It 'completes host names' {
        Add-DispatchHost completes completes.example.com
        (Get-Completion 'Test-DispatchHost comp').CompletionText | Should -Be 'completes'
    }
}
